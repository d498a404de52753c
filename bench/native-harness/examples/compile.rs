//! Time and memory of compilation against the size of programs, ordinary and hostile: `cargo run --release -p
//! native-harness-for-tests --example compile`. Best of several rounds. Both must grow as the programs do.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod compilation {
    use std::time::Duration;

    use javm_isa::{OpcodeTable, Program};
    use javm_recompiler_x86::{Features, compile};
    use native_harness_for_tests::generator;

    /// Of ordinary programs, and of hostile ones, which take longer.
    const ROUNDS: [u32; 2] = [15, 3];
    /// Widest bar of the plot.
    const BAR_WIDTH: f64 = 50.0;

    /// What this thread has used of the processor: others on the machine do not count.
    fn processor_time() -> Duration {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a value of the right type.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }

    struct Row {
        code_len_bytes: usize,
        instruction_count: usize,
        native_len_bytes: usize,
        memory_len_bytes: usize,
        time: Duration,
    }

    fn measure(blob: &[u8], rounds: u32) -> Row {
        let program = Program::parse(blob).expect("a blob");
        let code = compile(&program, OpcodeTable::JamV1, Features::BASELINE).expect("it compiles");
        let time = (0..rounds).map(|_| {
            let start = processor_time();
            let compiled = compile(&program, OpcodeTable::JamV1, Features::BASELINE).expect("it compiles");
            let time = processor_time() - start;
            drop(compiled);
            time
        });
        Row {
            code_len_bytes: program.code().len(),
            instruction_count: program.instruction_starts().count(),
            native_len_bytes: code.code().len(),
            memory_len_bytes: code.memory_len_bytes(),
            time: time.min().unwrap_or_default(),
        }
    }

    /// A table with a bar by time, so that a bend is seen.
    fn show(name: &str, rows: &[Row]) {
        println!("{name}");
        let longest = rows.iter().map(|row| row.time).max().unwrap_or_default().as_secs_f64();
        for row in rows {
            let seconds = row.time.as_secs_f64();
            println!(
                "  {:>8} octets {:>8} instr. {:>9} of code ({:>4.1}x) {:>9} in all {:>10.1?} {:>6.1} ns/instr. {}",
                row.code_len_bytes,
                row.instruction_count,
                row.native_len_bytes,
                row.native_len_bytes as f64 / row.code_len_bytes as f64,
                row.memory_len_bytes,
                row.time,
                seconds * 1e9 / row.instruction_count as f64,
                "#".repeat((seconds / longest * BAR_WIDTH) as usize)
            );
        }
    }

    /// The instruction over and over, with a jump table of so many entries to position 0.
    fn repeated(instruction: &[u8], len_bytes: usize, entry_count: usize) -> Vec<u8> {
        let count = len_bytes / instruction.len();
        let code = instruction.repeat(count);
        let mut bitmask = vec![0; code.len().div_ceil(8)];
        (0..count).map(|index| index * instruction.len()).for_each(|at| bitmask[at / 8] |= 1 << (at % 8));
        let length = |len: usize| [0xE0 | (len >> 24) as u8, len as u8, (len >> 8) as u8, (len >> 16) as u8];
        let entries = vec![0; entry_count];
        [&length(entry_count)[..], &[1], &length(code.len()), &entries, &code, &bitmask].concat()
    }

    const SIZES: [usize; 3] = [2_200_000, 4_400_000, 8_800_000];

    fn hostile() {
        // Lengths of 2^21 and more take four octets in a blob.
        let shapes: [(&str, &[u8]); 6] = [
            ("blocks of one octet", &[1]),
            ("one huge block", &[149, 0x11, 1]),
            ("traps", &[0]),
            ("bit counts, the longest code", &[101, 0x21]),
            ("branches to themselves", &[170, 0x21, 0]),
            ("branches forward, to no block", &[170, 0x21, 0x55, 0x55]),
        ];
        for (name, instruction) in shapes {
            let rows = SIZES.map(|len_bytes| measure(&repeated(instruction, len_bytes, 1 << 21), ROUNDS[1]));
            show(name, &rows);
        }
        show(
            "jump tables",
            &SIZES.map(|entry_count| measure(&repeated(&[1], 1 << 21, entry_count), ROUNDS[1])),
        );
    }

    fn ordinary() {
        for counts in [[10_u64, 100, 1000].as_slice(), &[20_000, 41_000, 82_000, 164_000]] {
            let rows: Vec<Row> =
                counts.iter().map(|&count| measure(&generator::large_blob(7, count), ROUNDS[0])).collect();
            show("as compilers make them", &rows);
        }
    }

    pub fn main() {
        ordinary();
        if std::env::args().all(|argument| argument != "ordinary") {
            hostile();
        }
    }
}

fn main() {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    compilation::main();
}
