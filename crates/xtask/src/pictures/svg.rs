//! A picture as plain SVG: boxes, lines and words in two sets of colours, light and dark, with a title and a description
//! for who cannot see it. Fonts are those of the reader's machine; nothing is loaded.

use std::fmt::Write as _;

/// Classes of words and shapes, each in its colour for light and for dark.
const STYLE: &str = "\
    text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',Arial,sans-serif;font-size:14px;fill:#1f2328}\n\
    .mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:13px;white-space:pre}\n\
    .small{font-size:12px}.bold{font-weight:600}\n\
    .paper{fill:#ffffff;stroke:#d1d9e0}.panel{fill:#f6f8fa;stroke:#d1d9e0}\n\
    .muted{fill:#59636e}.accent{fill:#0550ae}.good{fill:#1a7f37}.warn{fill:#7d4e00}.bad{fill:#c11c28}\n\
    .bar{fill:#0969da}.other{fill:#8c959f}\n\
    .way{stroke:#59636e;fill:none;stroke-width:1.5}.goodway{stroke:#1a7f37;fill:none;stroke-width:1.5}.badway{stroke:#c11c28;fill:none;stroke-width:1.5}\n\
    @media (prefers-color-scheme:dark){\n\
    text{fill:#e6edf3}.paper{fill:#0d1117;stroke:#3d444d}.panel{fill:#161b22;stroke:#3d444d}\n\
    .muted{fill:#9198a1}.accent{fill:#79c0ff}.good{fill:#3fb950}.warn{fill:#e3b341}.bad{fill:#ff7b72}\n\
    .bar{fill:#4493f8}.other{fill:#6e7681}\n\
    .way{stroke:#9198a1}.goodway{stroke:#3fb950}.badway{stroke:#ff7b72}}\n";

/// Where words stand against their point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture in the making.
pub(super) struct Picture {
    width: usize,
    height: usize,
    head: String,
    body: String,
}

impl Picture {
    pub(super) fn new(width: usize, height: usize, title: &str, description: &str) -> Self {
        let head = format!("<title>{}</title>\n<desc>{}</desc>\n", escaped(title), escaped(description));
        let mut picture = Self { width, height, head, body: String::new() };
        picture.push(&format!(
            "<rect class=\"paper\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>",
            width - 1,
            height - 1
        ));
        picture
    }

    fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): (usize, usize), (width, height): (usize, usize)) {
        self.push(&format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>"
        ));
    }

    pub(super) fn text(&mut self, class: &str, at: (usize, usize), text: &str) {
        self.anchored(class, at, Anchor::Start, text);
    }

    pub(super) fn anchored(&mut self, class: &str, (x, y): (usize, usize), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        self.push(&format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{}</text>", escaped(text)));
    }

    /// Words of several classes on one line, of a font whose letters are equally wide.
    pub(super) fn spans(&mut self, (x, y): (usize, usize), spans: &[(&str, &str)]) {
        let mut line = format!("<text class=\"mono\" x=\"{x}\" y=\"{y}\" xml:space=\"preserve\">");
        for (class, text) in spans {
            // Writing to memory does not fail.
            let _ = match *class {
                "" => write!(line, "{}", escaped(text)),
                class => write!(line, "<tspan class=\"{class}\">{}</tspan>", escaped(text)),
            };
        }
        self.push(&format!("{line}</text>"));
    }

    /// A way along these points; it ends in an arrow.
    pub(super) fn arrow(&mut self, class: &str, points: &[(usize, usize)]) {
        let Some(((x, y), (from_x, from_y))) = points.last().copied().zip(points.iter().rev().nth(1).copied()) else {
            return;
        };
        let way: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        self.push(&format!("<polyline class=\"{class}\" points=\"{}\"/>", way.join(" ")));
        let head = match (x.cmp(&from_x), y.cmp(&from_y)) {
            (std::cmp::Ordering::Greater, _) => [(x - 7, y - 4), (x, y), (x - 7, y + 4)],
            (std::cmp::Ordering::Less, _) => [(x + 7, y - 4), (x, y), (x + 7, y + 4)],
            (_, std::cmp::Ordering::Less) => [(x - 4, y + 7), (x, y), (x + 4, y + 7)],
            _ => [(x - 4, y - 7), (x, y), (x + 4, y - 7)],
        };
        let head: Vec<String> = head.iter().map(|(x, y)| format!("{x},{y}")).collect();
        self.push(&format!("<polyline class=\"{class}\" points=\"{}\"/>", head.join(" ")));
    }

    /// The whole file.
    pub(super) fn finish(self) -> String {
        let Self { width, height, head, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\">\n{head}<style>\n{STYLE}</style>\n{body}</svg>\n"
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
