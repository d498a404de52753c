//! What a guest tells: logs and figures with its replies, exits by cause, and how it came to die.

mod chain;
mod common;

use chain::{TestChain, genesis};
use common::{boot, boot_as, epitaph, figures};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use nub::hyperlight::probe::{Death, LogLevel, Probe};
use nub::hyperlight::{GuestConfig, HyperlightError, Sandbox};
use nub::{BackendKind, Params};
use std::fmt::Debug;
use std::sync::{Mutex, Once};
use std::thread::{self, ThreadId};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Keeps what guests log, as `LEVEL message`, with the thread that heard it.
struct Kept;

static KEPT: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());

/// What the guest logs while `work` is done, in this thread.
fn heard(work: impl FnOnce()) -> Vec<String> {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| tracing::subscriber::set_global_default(Kept).unwrap());
    let own = thread::current().id();
    KEPT.lock().unwrap().retain(|(thread, _)| *thread != own);
    work();
    let kept = KEPT.lock().unwrap();
    kept.iter().filter(|(thread, _)| *thread == own).map(|(_, line)| line.clone()).collect()
}

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "nub_guest"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        let line = format!("{} {}", event.metadata().level(), message.0);
        KEPT.lock().unwrap().push((thread::current().id(), line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn log(guest: &mut Sandbox, level: LogLevel, message: impl Into<String>) {
    guest.probe(&Probe::Log(level, message.into())).unwrap();
}

fn with_level(log_level: LogLevel) -> GuestConfig {
    GuestConfig { log_level, ..common::small() }
}

#[test]
fn records_come_with_replies_and_cost_no_exit() {
    if !common::runs() {
        return;
    }
    let heard = heard(|| {
        let mut guest = boot_as(&with_level(LogLevel::Info));
        let before = figures(&mut guest).exits;
        log(&mut guest, LogLevel::Warn, "first");
        log(&mut guest, LogLevel::Debug, "not heard");
        log(&mut guest, LogLevel::Error, "second");
        assert_eq!(figures(&mut guest).exits - before, 4, "one exit a call");
    });
    assert_eq!(heard, ["WARN first", "ERROR second"]);
}

#[test]
fn the_level_decides_what_is_logged() {
    if !common::runs() {
        return;
    }
    for (level, expected) in
        [(LogLevel::Off, 0), (LogLevel::Error, 1), (LogLevel::Debug, 4), (LogLevel::Trace, 5)]
    {
        let heard = heard(|| {
            let mut guest = boot_as(&with_level(level));
            for number in 1..=5 {
                log(&mut guest, LogLevel::from_number(number).unwrap(), "x");
            }
        });
        assert_eq!(heard.len(), expected, "{level:?}: {heard:?}");
    }
}

#[test]
fn a_kernel_says_what_it_did_and_refused() {
    if !common::runs() {
        return;
    }
    let heard = heard(|| {
        let mut chain = TestChain::start(BackendKind::Hyperlight, &genesis(Params::default()), [5; 32]);
        chain.nub.apply_block(chain.root, b"no block").unwrap_err();
    });
    for part in ["INFO kernel booted", "INFO genesis, root", "WARN block refused: malformed block"] {
        assert!(heard.iter().any(|line| line.starts_with(part)), "no `{part}` in {heard:?}");
    }
}

#[test]
fn figures_reach_metrics() {
    if !common::runs() {
        return;
    }
    let recorder = DebuggingRecorder::new();
    metrics::with_local_recorder(&recorder, || {
        let mut guest = boot_as(&common::small());
        guest.probe(&Probe::DemandZeroFaults(7)).unwrap();
        guest.probe(&Probe::CopyOnWriteFaults(5)).unwrap();
        guest.probe(&Probe::HostCallbacks(3)).unwrap();
    });
    let values = recorder.snapshotter().snapshot().into_vec();
    let value = |name: &str, label: &str| {
        let found = values.iter().find(|(key, ..)| {
            let key = key.key();
            key.name() == name && (label.is_empty() || key.labels().any(|at| at.value() == label))
        });
        match found.map(|(.., value)| value) {
            Some(DebugValue::Counter(count)) => *count,
            Some(DebugValue::Gauge(gauge)) => gauge.0 as u64,
            other => panic!("{name} {label}: {other:?}"),
        }
    };
    assert_eq!(value("nub_guest_page_faults_total", "demand_zero"), 7);
    assert_eq!(value("nub_guest_page_faults_total", "copy_on_write"), 5);
    assert_eq!(value("nub_guest_exits_total", "host call: blob_get"), 3);
    assert_eq!(value("nub_guest_exits_total", "halt: probe"), 3);
    assert!(value("nub_guest_frames_free", "") > 1000);
}

#[test]
fn the_host_knows_the_cause_of_every_exit() {
    let Some(mut guest) = boot() else { return };
    let count = |guest: &Sandbox| guest.exits().iter().map(|(_, count)| count).sum::<u64>();
    let before = (figures(&mut guest).exits, count(&guest));
    guest.probe(&Probe::HostCallbacks(9)).unwrap();
    guest.probe(&Probe::Echo(vec![1; 1 << 20])).unwrap();
    let after = (figures(&mut guest).exits, count(&guest));
    assert_eq!(after.0 - before.0, 12);
    assert_eq!(after.1 - before.1, 12);
    assert_eq!(guest.exits()[0], ("host call: blob_get".to_owned(), 9));
}

#[test]
fn an_empty_block_costs_one_exit_and_its_commit_three() {
    if !common::runs() {
        return;
    }
    let mut chain = TestChain::start(BackendKind::Hyperlight, &genesis(Params::default()), [5; 32]);
    let exits = |chain: &mut TestChain| chain.nub.health_check().unwrap().vm_exits;
    // What a restarted kernel reads once; a health check costs one itself.
    chain.apply(vec![]);
    for _ in 0..3 {
        let before = exits(&mut chain);
        chain.apply(vec![]);
        let applied = exits(&mut chain);
        assert_eq!(applied - before - 1, 1, "the block's reply");
        chain.nub.commit(chain.root).unwrap();
        assert_eq!(exits(&mut chain) - applied - 1, 3, "objects, the commit, and the reply");
        assert_eq!(chain.nub.vm_exits()[0].0, "halt: rpc");
    }
}

#[test]
fn an_epitaph_names_the_functions_it_came_through() {
    for (death, expected) in [
        (
            Death::Panic,
            &["asked to die by a panic", "probes::die at", "guest/src/probes.rs:", "probes::answer"][..],
        ),
        (Death::WildRead, &["probes::die at", "probes::answer at"]),
        (Death::WildJump, &["probes::answer at", "rpc::serve_one_call"]),
        (Death::DivideByZero, &["probes::die at", "entry::serve_and_halt"]),
        (Death::StackOverflow, &["probes::recurse at"]),
        (Death::OutOfMemory, &["memory allocation of", "alloc", "probes::die at"]),
    ] {
        let Some(mut guest) = boot() else { return };
        let words = epitaph(&mut guest, death);
        for part in expected.iter().chain(&["backtrace:\n   0: "]) {
            assert!(words.contains(part), "{death:?}: no `{part}` in `{words}`");
        }
    }
}

#[test]
fn what_was_logged_before_a_death_is_in_its_epitaph() {
    let Some(mut guest) = boot() else { return };
    let messages = (0..100).map(|number| format!("message {number}")).collect();
    let error = guest.probe(&Probe::LogAndDie(messages)).unwrap_err();
    let HyperlightError::GuestCrashed { epitaph } = error else { panic!("{error}") };
    let logged = epitaph.split("logged before:").nth(1).unwrap_or_else(|| panic!("{epitaph}"));
    // The newest, as many as fit, in order.
    assert!(logged.contains("message 98") && logged.trim_end().ends_with("message 99"), "{epitaph}");
    assert!(epitaph.contains("asked to die by a panic") && epitaph.contains("probes::"), "{epitaph}");
}
