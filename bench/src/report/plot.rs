//! The plot: a bar a row, as far as the row comes to its limit, with a mark at its target.

use super::{Figures, Report, table::figure};

const NAMES: f64 = 330.0;
const BARS: f64 = 420.0;
const RIGHT: f64 = 170.0;
const ROW: f64 = 30.0;
const TOP: f64 = 34.0;

/// As SVG. Colours follow the reader's light or dark mode.
pub(super) fn svg(report: &Report) -> String {
    let rows: Vec<&Figures> =
        report.best().into_iter().filter(|row| row.fraction.is_some() && row.error.is_none()).collect();
    let (width, height) = (NAMES + BARS + RIGHT, TOP + ROW * rows.len() as f64 + 12.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"How far each row comes to its limit\">\n{STYLE}"
    );
    for quarter in 0..=4 {
        let x = NAMES + BARS * f64::from(quarter) / 4.0;
        svg.push_str(&format!(
            "<line class=\"grid\" x1=\"{x}\" y1=\"{TOP}\" x2=\"{x}\" y2=\"{bottom}\"/>\n\
             <text class=\"scale\" x=\"{x}\" y=\"20\">{} %</text>\n",
            quarter * 25,
            bottom = height - 12.0,
        ));
    }
    for (index, row) in rows.iter().enumerate() {
        svg.push_str(&bar(row, TOP + ROW * index as f64));
    }
    svg + "</svg>\n"
}

fn bar(row: &Figures, y: f64) -> String {
    let fraction = row.fraction.unwrap_or_default();
    let length = BARS * fraction.clamp(0.0, 1.0);
    let (bar_y, text_y) = (y + 7.0, y + 20.0);
    let class = if row.reached() == Some(false) { "missed" } else { "reached" };
    let mut drawn = format!(
        "<text class=\"name\" x=\"{name_x}\" y=\"{text_y}\">{title}</text>\n\
         <rect class=\"{class}\" x=\"{NAMES}\" y=\"{bar_y}\" width=\"{length:.1}\" height=\"18\"/>\n\
         <text class=\"figure\" x=\"{figure_x:.1}\" y=\"{text_y}\">{percent:.0} %, {figure}/s</text>\n",
        name_x = NAMES - 10.0,
        title = escaped(&row.title),
        figure_x = NAMES + BARS.min(length.max(BARS * row.target.unwrap_or_default())) + 10.0,
        percent = fraction * 100.0,
        figure = figure(row.per_second),
    );
    if let Some(target) = row.target {
        let x = NAMES + BARS * target;
        drawn.push_str(&format!(
            "<line class=\"target\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>\n",
            y + 3.0,
            y + 29.0
        ));
    }
    drawn
}

const STYLE: &str = "<style>
text { font: 13px system-ui, sans-serif; fill: #333; }
.name { text-anchor: end; }
.scale { text-anchor: middle; fill: #777; }
.grid { stroke: #ccc; stroke-width: 1; }
.target { stroke: #333; stroke-width: 2; }
.reached { fill: #3b7ea1; }
.missed { fill: #c98a2b; }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd; } .scale { fill: #999; } .grid { stroke: #444; } .target { stroke: #ddd; }
}
</style>
";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{super::tests::report, *};

    #[test]
    fn each_measured_row_has_a_bar_and_a_mark_and_its_title_is_escaped() {
        let svg = svg(&report());
        assert_eq!(svg.matches("<rect").count(), 2, "{svg}");
        assert_eq!(svg.matches("class=\"target\"").count(), 2);
        assert!(svg.contains("The quick &lt;row&gt;") && !svg.contains("broken"), "{svg}");
        assert!(svg.contains("class=\"missed\"") && svg.contains("class=\"reached\""));
        assert!(svg.contains(&format!("width=\"{:.1}\" height=\"18\"", BARS * 0.7)), "{svg}");
    }
}
