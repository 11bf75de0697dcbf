//! docs/performance.md: what people wrote stays, and the figures between two marks are replaced.

use std::{fs, path::Path};

use super::{
    Figures, Report, plot,
    table::{figure, percent},
};
use crate::failure::{Failure, While};

const FILE: &str = "docs/performance.md";
const PLOT: &str = "docs/performance.svg";
const BEGIN: &str = "<!-- figures: written by cargo xtask bench --write-docs -->\n";
const END: &str = "<!-- end of the figures -->\n";

/// Writes the figures and the plot.
pub(crate) fn write(report: &Report, project: &Path) -> Result<(), Failure> {
    let (file, plot_file) = (project.join(FILE), project.join(PLOT));
    let present = fs::read_to_string(&file).doing(|| format!("{FILE} cannot be read"))?;
    fs::write(&plot_file, plot::svg(report)).doing(|| format!("{PLOT} cannot be written"))?;
    let marks = || Failure::because(format!("{FILE} has lost the marks between which the figures stand"));
    let text = replaced(&present, &figures(report), (BEGIN, END)).ok_or_else(marks)?;
    fs::write(&file, text).doing(|| format!("{FILE} cannot be written"))?;
    println!("\n{FILE} and {PLOT} written");
    Ok(())
}

/// The document with other figures between its marks; nothing where it has lost them.
pub(crate) fn replaced(present: &str, figures: &str, (begin, end): (&str, &str)) -> Option<String> {
    let (before, rest) = present.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}{figures}{end}{after}"))
}

fn figures(report: &Report) -> String {
    let mut text = format!(
        "\nMeasured at commit {} on one core of {}, {} s a row.\n\n![How far each row comes to its limit](performance.svg)\n\n",
        if report.revision.is_empty() { "unknown" } else { &report.revision },
        report.machine.processor,
        report.seconds,
    );
    text.push_str(
        "| Row | c | ops/s | p50 ms | p99 ms | CPU µs | limit/s | of it | by CPU | target |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for row in report.best() {
        text.push_str(&line(row));
    }
    if report.best().iter().any(|row| row.is_disturbed()) {
        text.push_str("\nOther programs used the core at the same time: by the clock these figures are noise.\n");
    }
    text.push_str("\n| Beside | figure | target |\n| --- | ---: | ---: |\n");
    for beside in report.best().iter().filter_map(|row| row.beside.as_ref()) {
        let target = beside.target_p99_ms.map(|target| format!("{target} ms")).unwrap_or_default();
        text.push_str(&format!("| {}, p99 | {:.2} ms | {target} |\n", beside.title, beside.p99_ms));
    }
    if let Some(memory) = &report.memory {
        text.push_str(&format!(
            "| Memory after all rows (peak) | {:.1} MiB ({:.1}) | {} MiB |\n",
            memory.after_mib, memory.peak_mib, memory.target_mib
        ));
    }
    if let Some(start) = &report.start {
        text.push_str(&format!(
            "| Start to first answer | {:.0} ms | {} ms |\n| The very first start, which makes keys | {:.0} ms | |\n",
            start.again_ms, start.target_ms, start.first_ms
        ));
    }
    for rate in &report.rates {
        let at = rate.concurrency.map(|count| format!(", c = {count}")).unwrap_or_default();
        let (per_second, processor) = (figure(rate.rate.per_second), rate.rate.processor_us);
        text.push_str(&format!("| Ceiling: {}{at} | {per_second}/s, {processor:.1} µs | |\n", rate.name));
    }
    text.push('\n');
    text
}

fn line(row: &Figures) -> String {
    if row.error.is_some() {
        return format!("| {} | | not measured | | | | | | | |\n", row.title);
    }
    let share = |fraction: Option<f64>| fraction.map(percent).unwrap_or_default();
    format!(
        "| {} | {} | {} | {:.2} | {:.2} | {:.1} | {} | {} | {} | {} |\n",
        row.title,
        row.concurrency,
        figure(row.per_second),
        row.p50_ms,
        row.p99_ms,
        row.processor_us,
        row.limit.map(|limit| figure(limit.per_second)).unwrap_or_default(),
        share(row.fraction),
        share(row.fraction_by_processor),
        share(row.target),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::tests::report, *};

    #[test]
    fn what_people_wrote_stays() {
        let present = format!("# Title\n\n{BEGIN}old\n{END}\nWords.\n");
        let once = replaced(&present, "new\n", (BEGIN, END)).unwrap();
        assert_eq!(once, format!("# Title\n\n{BEGIN}new\n{END}\nWords.\n"));
        assert_eq!(replaced(&once, "new\n", (BEGIN, END)).unwrap(), once);
        assert!(replaced("# Title\n", "new\n", (BEGIN, END)).is_none());
    }

    #[test]
    fn the_table_has_a_line_for_each_row() {
        let text = figures(&report());
        assert!(
            text.contains("| The quick <row> | 64 | 700 | 0.25 | 1.50 | 1428.6 | 1,000 | 70 % | 63 % | 50 % |"),
            "{text}"
        );
        assert!(text.contains("not measured") && text.contains("0123456789"), "{text}");
    }

    #[test]
    fn the_projects_document_has_the_marks() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FILE);
        assert!(replaced(&fs::read_to_string(file).unwrap(), "", (BEGIN, END)).is_some());
    }
}
