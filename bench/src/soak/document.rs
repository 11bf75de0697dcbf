//! What a soak found, in words and figures: on the terminal, and between the marks of docs/storage.md.

use std::{fs, path::Path};

use super::{Soak, plot, sizes::Sample};
use crate::{
    failure::{Failure, While},
    report::{document::replaced, table::figure},
};

const FILE: &str = "docs/storage.md";
const PLOT: &str = "docs/storage.svg";
const BEGIN: &str = "<!-- figures: written by cargo xtask bench --soak --write-docs -->\n";
const END: &str = "<!-- end of the figures -->\n";

/// One line while it runs.
pub(super) fn progress(sample: &Sample) -> String {
    format!(
        "{:5.1} h: database {}, sessions and codes {}, memory {}, {} rows",
        sample.hours,
        mib(sample.database),
        mib(sample.ephemeral),
        mib(sample.resident),
        figure(sample.rows.values().sum::<u64>() as f64)
    )
}

/// What was there after a third of the time, after two thirds, and at the end.
pub(super) fn table(soak: &Soak) -> String {
    let Some(moments) = moments(&soak.samples) else { return "Nothing was measured.\n".to_owned() };
    let mut text =
        format!("| | {} |\n| --- | ---: | ---: | ---: |\n", moments.map(|at| format!("{:.0} h", at.hours)).join(" | "));
    let mut line = |name: &str, of: &dyn Fn(&Sample) -> String| {
        text.push_str(&format!("| {name} | {} |\n", moments.map(of).join(" | ")));
    };
    line("Database on disk", &|at| mib(at.database));
    line("Sessions and codes on disk", &|at| mib(at.ephemeral));
    line("Memory", &|at| mib(at.resident));
    for name in plot::tables(soak) {
        line(&format!("Rows of `{name}`"), &|at| figure(at.rows.get(name).copied().unwrap_or_default() as f64));
    }
    text
}

/// Writes the table and the plot.
pub(super) fn write(soak: &Soak, project: &Path) -> Result<(), Failure> {
    let file = project.join(FILE);
    let present = fs::read_to_string(&file).doing(|| format!("{FILE} cannot be read"))?;
    let marks = || Failure::because(format!("{FILE} has lost the marks between which the figures stand"));
    let figures = format!(
        "\nMeasured at commit {}: {} operations, {:.2} a second of the provider's clock, which ran {} times as fast as ours.\n\n\
         ![What is stored, over the time](storage.svg)\n\n{}\n",
        soak.revision,
        figure(soak.operations as f64),
        soak.per_second,
        soak.speed,
        table(soak)
    );
    let text = replaced(&present, &figures, (BEGIN, END)).ok_or_else(marks)?;
    fs::write(project.join(PLOT), plot::svg(soak)).doing(|| format!("{PLOT} cannot be written"))?;
    fs::write(&file, text).doing(|| format!("{FILE} cannot be written"))?;
    println!("\n{FILE} and {PLOT} written");
    Ok(())
}

fn moments(samples: &[Sample]) -> Option<[&Sample; 3]> {
    let last = samples.len().checked_sub(1)?;
    Some([&samples[last / 3], &samples[last * 2 / 3], &samples[last]])
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::soak, *};

    #[test]
    fn three_moments_are_told() {
        let text = table(&soak());
        assert!(text.contains("| | 10 h | 20 h | 30 h |"), "{text}");
        assert!(text.contains("| Database on disk | 2.0 MiB | 2.0 MiB | 2.0 MiB |"), "{text}");
        assert!(text.contains("| Rows of `grants` | 1,000 | 1,000 | 1,000 |"), "{text}");
    }

    #[test]
    fn the_projects_document_has_the_marks() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FILE);
        assert!(replaced(&fs::read_to_string(file).unwrap(), "", (BEGIN, END)).is_some());
    }
}
