//! What the guest tells beside its replies: log records go to `tracing`, figures to `metrics`.

use nub_abi::guest::{Figures, LogLevel, LogRecord, Notes};

/// The target of the guest's records in `tracing`.
const TARGET: &str = "nub_guest";

/// Passes on what came with a reply. `last` is what the guest said before.
pub(super) fn deliver(notes: &Notes, last: &mut Figures) {
    if notes.logs_lost > 0 {
        let lost = notes.logs_lost;
        tracing::warn!(target: TARGET, lost, "the guest logged more than it could keep");
    }
    notes.logs.iter().for_each(emit);
    let now = &notes.figures;
    metrics::gauge!("nub_guest_frames_free").set(now.frames_free as f64);
    metrics::gauge!("nub_guest_frames_total").set(now.frames_total as f64);
    let faults = |kind| metrics::counter!("nub_guest_page_faults_total", "kind" => kind);
    let since = |now: u64, last: u64| now.saturating_sub(last);
    faults("demand_zero").increment(since(now.demand_zero_faults, last.demand_zero_faults));
    faults("copy_on_write").increment(since(now.copy_on_write_faults, last.copy_on_write_faults));
    faults("miss").increment(since(now.misses, last.misses));
    metrics::counter!("nub_guest_gate_calls_total").increment(since(now.gate_calls, last.gate_calls));
    *last = notes.figures.clone();
}

fn emit(record: &LogRecord) {
    let LogRecord { level, target: module, message } = record;
    match level {
        LogLevel::Off => {}
        LogLevel::Error => tracing::error!(target: TARGET, module, "{message}"),
        LogLevel::Warn => tracing::warn!(target: TARGET, module, "{message}"),
        LogLevel::Info => tracing::info!(target: TARGET, module, "{message}"),
        LogLevel::Debug => tracing::debug!(target: TARGET, module, "{message}"),
        LogLevel::Trace => tracing::trace!(target: TARGET, module, "{message}"),
    }
}
