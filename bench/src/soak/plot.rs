//! The graph: what is on disk and in memory, and below it the rows of the tables that grew most.

use super::{Soak, sizes::Sample};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 30.0;
const BETWEEN: f64 = 60.0;
/// Tables that are drawn.
const MOST: usize = 7;

/// One line of a panel: its name, and its value at each sample.
struct Line<'a> {
    name: &'a str,
    values: Vec<f64>,
}

/// The tables that held most rows at some time, the fullest first; what stays as it was from the beginning is left out.
pub(super) fn tables(soak: &Soak) -> Vec<&str> {
    let Some(first) = soak.samples.first() else { return Vec::new() };
    let most = |table: &str| soak.samples.iter().filter_map(|sample| sample.rows.get(table)).max().copied();
    let mut grown: Vec<(&str, u64)> = first
        .rows
        .iter()
        .filter_map(|(table, before)| Some((table.as_str(), most(table).filter(|most| most > before)?)))
        .collect();
    grown.sort_by_key(|(_, most)| std::cmp::Reverse(*most));
    grown.into_iter().take(MOST).map(|(table, _)| table).collect()
}

/// As SVG. Colours follow the reader's light or dark mode.
pub(super) fn svg(soak: &Soak) -> String {
    let mib = |of: fn(&Sample) -> u64| soak.samples.iter().map(|at| of(at) as f64 / f64::from(1 << 20)).collect();
    let sizes = [
        Line { name: "database", values: mib(|at| at.database) },
        Line { name: "sessions and codes", values: mib(|at| at.ephemeral) },
        Line { name: "memory", values: mib(|at| at.resident) },
    ];
    let rows: Vec<Line<'_>> = tables(soak)
        .into_iter()
        .map(|name| Line {
            name,
            values: soak.samples.iter().map(|at| at.rows.get(name).copied().unwrap_or_default() as f64).collect(),
        })
        .collect();
    let (width, height) = (LEFT + WIDTH + RIGHT, 2.0 * (TOP + HEIGHT) + BETWEEN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"What is stored, over the time\">\n{STYLE}{}{}</svg>\n",
        panel("MiB", &soak.samples, &sizes, TOP),
        panel("rows", &soak.samples, &rows, TOP + HEIGHT + BETWEEN)
    )
}

fn panel(unit: &str, samples: &[Sample], lines: &[Line<'_>], top: f64) -> String {
    let most = lines.iter().flat_map(|line| &line.values).copied().fold(1.0, f64::max);
    let ceiling = round_up(most);
    let hours = samples.last().map_or(1.0, |last| last.hours.max(f64::EPSILON));
    let (x, y) = (|at: f64| LEFT + WIDTH * at / hours, |value: f64| top + HEIGHT * (1.0 - value / ceiling));
    let mut drawn = format!("<text class=\"unit\" x=\"{LEFT}\" y=\"{:.0}\">{unit}</text>\n", top - 12.0);
    for quarter in 0..=4 {
        let part = f64::from(quarter) / 4.0;
        let (value, at) = (ceiling * part, hours * part);
        drawn.push_str(&format!(
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{0:.1}\" x2=\"{1:.1}\" y2=\"{0:.1}\"/>\n\
             <text class=\"value\" x=\"{2:.1}\" y=\"{3:.1}\">{value:.0}</text>\n\
             <text class=\"hour\" x=\"{4:.1}\" y=\"{5:.1}\">{at:.0} h</text>\n",
            y(value),
            LEFT + WIDTH,
            LEFT - 8.0,
            y(value) + 4.0,
            x(at),
            top + HEIGHT + 18.0,
        ));
    }
    let mut labels = Labels::default();
    for (number, line) in lines.iter().enumerate() {
        let points: Vec<String> = samples
            .iter()
            .zip(&line.values)
            .map(|(sample, value)| format!("{:.1},{:.1}", x(sample.hours), y(*value)))
            .collect();
        let end = line.values.last().copied().unwrap_or_default();
        drawn.push_str(&format!(
            "<polyline class=\"line c{number}\" points=\"{}\"/>\n<text class=\"name t{number}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
            points.join(" "),
            LEFT + WIDTH + 8.0,
            labels.place(y(end) + 4.0),
            line.name,
        ));
    }
    drawn
}

/// Names at the ends of lines, none over another.
#[derive(Default)]
struct Labels(Vec<f64>);

impl Labels {
    fn place(&mut self, wanted: f64) -> f64 {
        let free = |y: f64| self.0.iter().all(|taken| (taken - y).abs() >= 14.0);
        let above = (0..40).map(|step| wanted - f64::from(step) * 7.0).find(|y| free(*y));
        let y = above.unwrap_or(wanted);
        self.0.push(y);
        y
    }
}

/// The next of 1, 2, 5, 10, 20, 50, …
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(value)
}

const STYLE: &str = "<style>
text { font: 13px system-ui, sans-serif; fill: #333; }
.value { text-anchor: end; fill: #777; }
.hour { text-anchor: middle; fill: #777; }
.unit { font-weight: 600; }
.grid { stroke: #ccc; stroke-width: 1; }
.line { fill: none; stroke-width: 2; }
.c0 { stroke: #3b7ea1; } .c1 { stroke: #c98a2b; } .c2 { stroke: #5a9a5a; } .c3 { stroke: #a1523b; }
.c4 { stroke: #7a5aa1; } .c5 { stroke: #888; } .c6 { stroke: #2b9c9c; }
.t0 { fill: #3b7ea1; } .t1 { fill: #c98a2b; } .t2 { fill: #5a9a5a; } .t3 { fill: #a1523b; }
.t4 { fill: #7a5aa1; } .t5 { fill: #888; } .t6 { fill: #2b9c9c; }
@media (prefers-color-scheme: dark) {
  .unit { fill: #ddd; } .value, .hour { fill: #999; } .grid { stroke: #444; }
}
</style>
";

#[cfg(test)]
mod tests {
    use super::{super::tests::soak, *};

    #[test]
    fn what_grew_is_drawn_and_what_never_changed_is_not() {
        let soak = soak();
        assert_eq!(tables(&soak), ["grants"]);
        let svg = svg(&soak);
        assert_eq!(svg.matches("<polyline").count(), 4, "{svg}");
        assert!(svg.contains(">grants</text>") && !svg.contains(">users</text>"));
    }

    #[test]
    fn a_scale_ends_at_a_round_figure() {
        for (value, expected) in [(1.0, 1.0), (1.2, 2.0), (3.0, 5.0), (51.0, 100.0), (20_000.0, 20_000.0)] {
            assert!((round_up(value) - expected).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn names_do_not_lie_over_each_other() {
        let mut labels = Labels::default();
        let placed: Vec<f64> = (0..5).map(|_| labels.place(100.0)).collect();
        for (number, one) in placed.iter().enumerate() {
            assert!(placed[..number].iter().all(|other| (one - other).abs() >= 14.0), "{placed:?}");
        }
    }
}
