//! What the guest logs: a bounded list of records, which go to the host with the next reply.

use crate::single::Single;
use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt::Write;
use log::{Level, LevelFilter, Metadata, Record};
use nub_abi::guest::{LogLevel, LogRecord};

/// Most bytes of records kept; older ones make room. The message buffers have space for so many beside a reply.
const RECORDS_BYTES_MAX: usize = 16 << 10;
/// Most bytes of one message.
const MESSAGE_BYTES_MAX: usize = 1 << 10;
/// What a record takes beside its text, at most.
const OVERHEAD_BYTES: usize = 64;

static RECORDS: Single<Records> = Single::new(Records { list: VecDeque::new(), bytes: 0, lost: 0 });

struct Records {
    list: VecDeque<LogRecord>,
    bytes: usize,
    lost: u32,
}

impl Records {
    fn push(&mut self, record: LogRecord) {
        self.bytes += size(&record);
        self.list.push_back(record);
        while self.bytes > RECORDS_BYTES_MAX {
            let Some(oldest) = self.list.pop_front() else { break };
            self.bytes -= size(&oldest);
            self.lost += 1;
        }
    }
}

fn size(record: &LogRecord) -> usize {
    record.target.len() + record.message.len() + OVERHEAD_BYTES
}

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut message = record.args().to_string();
        let mut end = message.len().min(MESSAGE_BYTES_MAX);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        let record = LogRecord { level: level_of(record.level()), target: record.target().into(), message };
        RECORDS.with(|records| records.push(record));
    }

    fn flush(&self) {}
}

fn level_of(level: Level) -> LogLevel {
    match level {
        Level::Error => LogLevel::Error,
        Level::Warn => LogLevel::Warn,
        Level::Info => LogLevel::Info,
        Level::Debug => LogLevel::Debug,
        Level::Trace => LogLevel::Trace,
    }
}

/// Logs what is at least as important as the level the host asks for, by its number; nothing if it asks for none.
pub fn init(level: Option<u8>) {
    let filter = match level.and_then(LogLevel::from_number) {
        None | Some(LogLevel::Off) => LevelFilter::Off,
        Some(LogLevel::Error) => LevelFilter::Error,
        Some(LogLevel::Warn) => LevelFilter::Warn,
        Some(LogLevel::Info) => LevelFilter::Info,
        Some(LogLevel::Debug) => LevelFilter::Debug,
        Some(LogLevel::Trace) => LevelFilter::Trace,
    };
    // It fails if there is one already, which does as well.
    let _ = log::set_logger(&Logger);
    log::set_max_level(filter);
}

/// Logs under the host's own words, for tests.
pub fn log_as_asked(level: LogLevel, message: &str) {
    let level = match level {
        LogLevel::Off => return,
        LogLevel::Error => Level::Error,
        LogLevel::Warn => Level::Warn,
        LogLevel::Info => Level::Info,
        LogLevel::Debug => Level::Debug,
        LogLevel::Trace => Level::Trace,
    };
    log::log!(target: "probe", level, "{message}");
}

/// Takes the records, oldest first, and how many were lost before them.
pub fn take() -> (Vec<LogRecord>, u32) {
    RECORDS.with(|records| {
        records.bytes = 0;
        (core::mem::take(&mut records.list).into(), core::mem::take(&mut records.lost))
    })
}

/// Writes the newest records, oldest of them first, in at most so many bytes; for last words.
pub fn write_tail(words: &mut impl Write, bytes_max: usize) {
    let _ = RECORDS.try_with(|records| {
        let mut first = records.list.len();
        let mut bytes = 0;
        for record in records.list.iter().rev() {
            bytes += line_bytes(record);
            if bytes > bytes_max {
                break;
            }
            first -= 1;
        }
        for record in records.list.iter().skip(first) {
            let _ = write!(words, "\n{LINE}{:?} {}: {}", record.level, record.target, record.message);
        }
    });
}

/// What begins a line of the log in last words.
const LINE: &str = nub_abi::guest::EPITAPH_LOG;

fn line_bytes(record: &LogRecord) -> usize {
    record.target.len() + record.message.len() + LINE.len() + "\nError : ".len()
}
