//! What is looked at of an SVG: that it is one, and its proportions. Scripts are refused so that their author learns
//! of it; what keeps them from running is that pages show the picture in `<img>`, and the policy under which it is
//! served.

use xmlparser::{ElementEnd, Token, Tokenizer};

use super::proportions;

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// The proportions of an SVG, or why it is none.
pub(super) fn sides(bytes: &[u8]) -> Result<(u16, u16), &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let mut root = Root::default();
    let (mut depth, mut is_over) = (0_u32, false);
    for token in Tokenizer::from(text) {
        match token.map_err(|_| "it is not well-formed XML")? {
            Token::ElementStart { local, .. } if local.eq_ignore_ascii_case("script") => {
                return Err(SCRIPTS);
            }
            Token::ElementStart { prefix, local, .. }
                if depth == 0 && (!prefix.is_empty() || local != "svg") =>
            {
                return Err("its root is not <svg>");
            }
            Token::Attribute { prefix, local, .. } if prefix.is_empty() && is_handler(&local) => {
                return Err(SCRIPTS);
            }
            Token::Attribute { prefix, local, value, .. } if depth == 0 && prefix.is_empty() => {
                root.note(&local, &value);
            }
            Token::ElementEnd { end: ElementEnd::Open, .. } => depth += 1,
            Token::ElementEnd { end: ElementEnd::Close(..), .. } => {
                depth = depth.checked_sub(1).ok_or("it is not well-formed XML")?;
                is_over = depth == 0;
            }
            Token::ElementEnd { end: ElementEnd::Empty, .. } => is_over = depth == 0,
            Token::DtdStart { .. } => return Err("it declares entities"),
            _ => {}
        }
    }
    if !is_over {
        return Err("it is not whole");
    }
    root.sides()
}

const SCRIPTS: &str = "it holds scripts";

/// Whether an attribute is a handler of events, which is a script.
fn is_handler(name: &str) -> bool {
    name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("on"))
}

/// The attributes of the root that matter.
#[derive(Default)]
struct Root {
    is_svg: bool,
    view: Option<(u16, u16)>,
    width: Option<f64>,
    height: Option<f64>,
}

impl Root {
    fn note(&mut self, name: &str, value: &str) {
        match name {
            "xmlns" => self.is_svg = value == NAMESPACE,
            "viewBox" => self.view = view_box(value),
            "width" => self.width = length(value),
            "height" => self.height = length(value),
            _ => {}
        }
    }

    fn sides(self) -> Result<(u16, u16), &'static str> {
        if !self.is_svg {
            return Err("its root lacks xmlns=\"http://www.w3.org/2000/svg\"");
        }
        let said = || proportions(self.width?, self.height?);
        self.view
            .or_else(said)
            .ok_or("its root has neither a viewBox nor width and height in pixels")
    }
}

/// The proportions of a `viewBox`: `min-x min-y width height`, separated by blanks or commas.
fn view_box(value: &str) -> Option<(u16, u16)> {
    let numbers = value.split([' ', ',', '\t', '\r', '\n']).filter(|text| !text.is_empty());
    let numbers: Vec<f64> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    match numbers[..] {
        [_, _, width, height] => proportions(width, height),
        _ => None,
    }
}

fn length(value: &str) -> Option<f64> {
    value.trim().trim_end_matches("px").parse().ok()
}
