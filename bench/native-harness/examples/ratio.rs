//! How fast compiled code is beside the interpreter: `cargo run --release -p native-harness-for-tests
//! --example ratio`. Best of several rounds, alternating; trust the ratios.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod ratio {
    use std::time::{Duration, Instant};

    use javm_interpreter::{Code, Machine, Meter, run};
    use javm_isa::{OpcodeTable, Program};
    use javm_recompiler_x86::Features;
    use native_harness_for_tests::{
        HarnessError, LoadedCode, NativeMachine, Window, host_features, run_native, run_native_with,
    };

    const ROUNDS: u32 = 15;
    const GAS: u64 = 1 << 50;

    struct Workload {
        name: &'static str,
        instructions: Vec<Vec<u8>>,
        registers: [u64; 13],
    }

    /// An instruction with a distance in instructions, to become one in octets.
    fn branch(opcode: u8, registers: u8) -> Vec<u8> {
        vec![opcode, registers, 0, 0]
    }

    /// 1 million steps of r2, r3 = r3, r2 + r3.
    fn fib() -> Workload {
        let mut instructions = vec![vec![1]];
        instructions.push(vec![200, 0x32, 4]); // r4 = r2 + r3
        instructions.push(vec![100, 0x32]); // r2 = r3
        instructions.push(vec![100, 0x43]); // r3 = r4
        instructions.push(vec![149, 0x77, 0xFF]); // r7 -= 1
        instructions.push(branch(171, 0x07)); // until r7 = r0
        close(&mut instructions, 5, 1);
        instructions.push(vec![0]);
        let mut registers = [0; 13];
        (registers[3], registers[7]) = (1, 1_000_000);
        Workload { name: "fib", instructions, registers }
    }

    /// Marks multiples of 2 to 300 among 64 Ki octets.
    fn sieve() -> Workload {
        let mut instructions = vec![vec![1]];
        instructions.push(vec![200, 0x22, 3]); // r3 = 2 × r2
        instructions.push(vec![1]);
        instructions.push(vec![120, 0x32, 0, 0, 2, 0]); // octet at 0x20000 + r3 = r2
        instructions.push(vec![200, 0x23, 3]); // r3 += r2
        instructions.push(branch(172, 0x83)); // while r3 < r8
        close(&mut instructions, 5, 3);
        instructions.push(vec![149, 0x22, 1]); // r2 += 1
        instructions.push(branch(172, 0x92)); // while r2 < r9
        close(&mut instructions, 7, 1);
        instructions.push(vec![0]);
        let mut registers = [0; 13];
        (registers[2], registers[8], registers[9]) = (2, 65_000, 300);
        Workload { name: "sieve", instructions, registers }
    }

    /// Loads, products, quotients, comparisons.
    fn mix() -> Workload {
        let mut instructions = vec![vec![1]];
        instructions.push(vec![130, 0x42, 0, 0, 2, 0]); // r2 = u64 at 0x20000 + r4
        instructions.push(vec![202, 0x52, 2]); // r2 *= r5
        instructions.push(vec![214, 0x52, 3]); // r3 = upper half of r2 × r5
        instructions.push(vec![211, 0x32, 2]); // r2 ^= r3
        instructions.push(vec![205, 0x62, 3]); // r3 = r2 mod r6
        instructions.push(vec![216, 0x23, 3]); // r3 = r3 < r2
        instructions.push(vec![200, 0x32, 2]); // r2 += r3
        instructions.push(vec![223, 0x72, 3]); // r3 = r2 rotated
        instructions.push(vec![123, 0x43, 8, 0, 2, 0]); // u64 at 0x20008 + r4 = r3
        instructions.push(vec![149, 0x77, 0xFF]);
        instructions.push(branch(171, 0x07));
        close(&mut instructions, 11, 1);
        instructions.push(vec![0]);
        let mut registers = [0; 13];
        (registers[5], registers[6], registers[7]) = (0x9E37_79B9_7F4A_7C15, 1000, 100_000);
        Workload { name: "mix", instructions, registers }
    }

    /// Points the branch `from` at instruction `to`, both by index.
    fn close(instructions: &mut [Vec<u8>], from: usize, to: usize) {
        let octets: usize = instructions[to..from].iter().map(Vec::len).sum();
        instructions[from][2..].copy_from_slice(&(-(octets as i16)).to_le_bytes());
    }

    fn program(instructions: &[Vec<u8>]) -> Program {
        let code = instructions.concat();
        let mut bitmask = vec![0; code.len().div_ceil(8)];
        let mut position = 0;
        for instruction in instructions {
            bitmask[position / 8] |= 1 << (position % 8);
            position += instruction.len();
        }
        let mut blob = vec![0, 0, code.len() as u8];
        blob.extend([code, bitmask].concat());
        Program::parse(&blob).expect("a blob")
    }

    fn best(mut rounds: impl FnMut() -> Duration) -> Duration {
        (0..ROUNDS).map(|_| rounds()).min().unwrap_or_default()
    }

    fn compare(workload: &Workload, window: &mut Window) -> Result<(), HarnessError> {
        let program = program(&workload.instructions);
        let code = Code::new(&program, OpcodeTable::JamV1);
        let meter = Meter { gas_left: GAS, pages_left: 0 };
        let mut steps = 0;
        let interpreted = best(|| {
            let mut machine = Machine::new(workload.registers, 0, meter);
            let start = Instant::now();
            run(&code, &mut machine, window);
            steps = GAS - machine.meter.gas_left;
            start.elapsed()
        });
        let mut line =
            format!("{:6} {steps:>9} instructions: interpreter {interpreted:>10.1?}", workload.name);
        for (name, features) in [("baseline", Features::BASELINE), ("all", host_features())] {
            let loaded = LoadedCode::new(&program, OpcodeTable::JamV1, features)?;
            let native = best(|| {
                let mut machine = NativeMachine::new(workload.registers, 0, GAS);
                let start = Instant::now();
                run_native(&loaded, &mut machine, window).expect("it runs");
                assert_eq!(steps, GAS - machine.gas_left);
                start.elapsed()
            });
            let ratio = interpreted.as_secs_f64() / native.as_secs_f64();
            line += &format!(", {name} {native:>9.1?} ({ratio:.1}×)");
        }
        println!("{line}");
        Ok(())
    }

    fn host_calls(window: &mut Window) -> Result<(), HarnessError> {
        let program = program(&[vec![10, 1], vec![40, 0xFE]]);
        let loaded = LoadedCode::new(&program, OpcodeTable::JamV1, Features::BASELINE)?;
        let calls = 100_000;
        let left = best(|| {
            let mut machine = NativeMachine::new([0; 13], 0, GAS);
            let start = Instant::now();
            for _ in 0..calls {
                run_native(&loaded, &mut machine, window).expect("it runs");
                machine.complete_host_call(&loaded);
            }
            start.elapsed()
        });
        let answered = best(|| {
            let mut machine = NativeMachine::new([0; 13], 0, GAS);
            let mut count = 0;
            let start = Instant::now();
            let answer = |_, registers: &mut [u64; 13]| {
                registers[7] = 0;
                count += 1;
                count < calls
            };
            run_native_with(&loaded, &mut machine, window, answer).expect("it runs");
            start.elapsed()
        });
        let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(calls);
        println!(
            "host call: {:.1} ns with leaving the harness, {:.1} ns answered in it",
            each(left),
            each(answered)
        );
        Ok(())
    }

    pub fn main() -> Result<(), HarnessError> {
        let mut window = Window::new()?;
        for page in 0x20..0x31 {
            window.map(page, true)?;
        }
        for workload in [fib(), sieve(), mix()] {
            compare(&workload, &mut window)?;
        }
        host_calls(&mut window)?;
        Ok(())
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn main() -> Result<(), native_harness_for_tests::HarnessError> {
    ratio::main()
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn main() {}
