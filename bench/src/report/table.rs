//! The table on the terminal.

use super::{Figures, Report};

/// One line while it runs.
pub(crate) fn progress(row: &Figures) -> String {
    let at = format!("{}, {} connections: ", row.name, row.concurrency);
    if let Some(error) = &row.error {
        return format!("{at}{error}");
    }
    let fraction = row.fraction.map(|fraction| format!(", {} of the limit", percent(fraction))).unwrap_or_default();
    format!("{at}{}/s, p99 {:.2} ms, {:.1} µs{fraction}", figure(row.per_second), row.p99_ms, row.processor_us)
}

/// The whole table.
pub(crate) fn text(report: &Report) -> String {
    let mut lines = vec![columns(
        [
            "row", "c", "ops/s", "p50 ms", "p99 ms", "CPU µs", "core", "others", "MiB", "limit/s", "of it", "by CPU",
            "target", "",
        ]
        .map(str::to_owned),
    )];
    lines.extend(report.rows.iter().map(line));
    for (row, beside) in report.rows.iter().filter_map(|row| Some((row, row.beside.as_ref()?))) {
        let target = beside.target_p99_ms.map(|target| format!(", target {target} ms")).unwrap_or_default();
        let verdict = verdict(beside.reached());
        lines.push(format!(
            "{} ({}, {} connections): p50 {:.2} ms, p99 {:.2} ms{target} {verdict}",
            beside.title, row.name, row.concurrency, beside.p50_ms, beside.p99_ms
        ));
    }
    for rate in &report.rates {
        let at = rate.concurrency.map(|count| format!(", {count} connections")).unwrap_or_default();
        let name = &rate.name;
        lines.push(format!("ceiling {name}{at}: {}/s, {:.1} µs", figure(rate.rate.per_second), rate.rate.processor_us));
    }
    if let Some(memory) = &report.memory {
        let verdict = verdict(Some(memory.after_mib <= memory.target_mib));
        lines.push(format!(
            "memory after all rows: {:.1} MiB (peak {:.1}), target {} {verdict}",
            memory.after_mib, memory.peak_mib, memory.target_mib
        ));
    }
    if let Some(start) = &report.start {
        let verdict = verdict(Some(start.again_ms <= start.target_ms));
        lines.push(format!(
            "start to first answer: {:.0} ms (the very first, which makes keys: {:.0}), target {} {verdict}",
            start.again_ms, start.first_ms, start.target_ms
        ));
    }
    lines.join("\n") + "\n"
}

fn line(row: &Figures) -> String {
    if let Some(error) = &row.error {
        return format!("{:<26}{:>4}  {error}", row.name, row.concurrency);
    }
    let share = |fraction: Option<f64>| fraction.map(percent).unwrap_or_default();
    columns([
        row.name.clone(),
        row.concurrency.to_string(),
        figure(row.per_second),
        format!("{:.3}", row.p50_ms),
        format!("{:.3}", row.p99_ms),
        format!("{:.1}", row.processor_us),
        percent(row.core_share),
        percent(row.others_share),
        format!("{:.1}", row.resident_mib),
        row.limit.map(|limit| figure(limit.per_second)).unwrap_or_default(),
        share(row.fraction),
        share(row.fraction_by_processor),
        share(row.target),
        if row.is_disturbed() { "disturbed".to_owned() } else { verdict(row.reached()).to_owned() },
    ])
}

fn columns(texts: [String; 14]) -> String {
    const WIDTHS: [usize; 13] = [4, 9, 9, 9, 9, 6, 7, 7, 9, 7, 7, 7, 11];
    let [name, rest @ ..] = texts;
    let mut line = format!("{name:<26}");
    for (text, width) in rest.iter().zip(WIDTHS) {
        line.push_str(&format!("{text:>width$}"));
    }
    line.trim_end().to_owned()
}

fn verdict(reached: Option<bool>) -> &'static str {
    match reached {
        Some(true) => "reached",
        Some(false) => "missed",
        None => "",
    }
}

/// A figure with as many digits as it is good for, and spaces between thousands.
pub(crate) fn figure(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

pub(super) fn percent(fraction: f64) -> String {
    format!("{:.0} %", fraction * 100.0)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::report, *};

    #[test]
    fn figures_are_grouped_and_small_ones_keep_a_decimal() {
        assert_eq!(figure(1234567.4), "1,234,567");
        assert_eq!(figure(123.4), "123");
        assert_eq!(figure(1000.0), "1,000");
        assert_eq!(figure(49.66), "49.7");
    }

    #[test]
    fn a_row_that_was_disturbed_says_nothing_of_its_target() {
        let mut report = report();
        report.rows[0].others_share = 0.5;
        assert!(text(&report).lines().any(|line| line.starts_with("quick") && line.ends_with("disturbed")));
    }

    #[test]
    fn each_row_says_whether_it_reached_its_target() {
        let text = text(&report());
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        assert!(line("quick").ends_with("reached"), "{text}");
        assert!(line("slow").ends_with("missed"), "{text}");
        assert!(line("broken").ends_with("status 404"), "{text}");
        assert!(line("memory").ends_with("target 60 missed"), "{text}");
        assert!(line("start").ends_with("target 60 reached"), "{text}");
    }
}
