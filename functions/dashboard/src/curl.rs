//! A request as a command of `curl`, for a POSIX shell, bash or zsh.
//!
//! Bodies and headers are somebody else's texts, so nothing in them may mean anything to the shell or to the terminal
//! into which the command is pasted.

use std::fmt::Write as _;

use hooklane_domain::unseen::is_unseen;

/// Linux limits one argument of a program to 128 KiB. `printf` is no program in shells, so it has no such limit.
const LONGEST_ARGUMENT: usize = 100_000;

/// The command that sends this request. A body is sent byte for byte.
pub(crate) fn command(url: &str, headers: &[(String, String)], body: &str) -> String {
    let quoted_body = quoted(body);
    let piped = quoted_body.len() > LONGEST_ARGUMENT;
    let mut out = String::new();
    if piped {
        let _ = write!(out, "printf %s {quoted_body} | ");
    }
    // Brackets and braces of an address are not a pattern.
    let _ = write!(out, "curl --include --globoff --request POST {}", quoted(url));
    for (name, value) in headers {
        // `Name:` would remove a header.
        let header = match value.as_str() {
            "" => format!("{name};"),
            value => format!("{name}: {value}"),
        };
        let _ = write!(out, " \\\n  --header {}", quoted(&header));
    }
    match piped {
        true => out.push_str(" \\\n  --data-binary @-"),
        // `--data` would read a file if the body began with `@`.
        false => {
            let _ = write!(out, " \\\n  --data-raw {quoted_body}");
        }
    }
    out
}

/// A text as one word of a shell. What cannot be seen, which might speak to the terminal, is written by its bytes.
fn quoted(text: &str) -> String {
    if !text.chars().any(is_unseen) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut out = String::from("$'");
    for one in text.chars() {
        match one {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // An interactive shell looks for `!` where it takes an escaped quotation mark for the end.
            '\\' | '\'' | '!' => escaped(&mut out, one),
            one if is_unseen(one) => escaped(&mut out, one),
            one => out.push(one),
        }
    }
    out.push('\'');
    out
}

/// A character by its bytes in octal, which end after three digits whatever follows.
fn escaped(out: &mut String, one: char) {
    for byte in one.encode_utf8(&mut [0; 4]).bytes() {
        let _ = write!(out, "\\{byte:03o}");
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn nothing_in_a_text_means_anything_to_a_shell() {
        for (text, word) in [
            ("", "''"),
            ("{\"a\": 1}", "'{\"a\": 1}'"),
            ("it's", r"'it'\''s'"),
            ("$HOME `id` $(id) \\ ! *", r"'$HOME `id` $(id) \ ! *'"),
            ("a\nb", r"$'a\nb'"),
            ("a\r\n'b'!", r"$'a\r\n\047b\047\041'"),
            ("\u{1b}[31m7", r"$'\033[31m7'"),
            ("\u{202e}x", r"$'\342\200\256x'"),
            ("@file", "'@file'"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }

    /// By the shell itself.
    #[test]
    fn a_shell_reads_what_was_written() {
        for text in [
            "it's $HOME `id` $(id) ${x} \\n \\\\ \"q\" ! # ~ ; & | > <",
            "two\nlines\r\nand\ttabs'",
            "\u{1b}]8;;x\u{7}\u{9b}31m\u{202e}é!\u{7f}1",
            "'",
            "\\'",
        ] {
            let script = format!("printf %s {}", quoted(text));
            let done = Command::new("bash").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(done.stdout).unwrap(), text, "{script}");
        }
    }

    #[test]
    fn a_long_body_comes_through_a_pipe() {
        let headers = [("X-Empty".to_owned(), String::new()), ("A".to_owned(), "b".to_owned())];
        let short = command("https://example.com/[1]", &headers, "{}");
        assert_eq!(
            short,
            "curl --include --globoff --request POST 'https://example.com/[1]' \\\n  --header 'X-Empty;' \\\n  \
             --header 'A: b' \\\n  --data-raw '{}'"
        );
        let long = command("https://example.com/", &[], &"a".repeat(LONGEST_ARGUMENT));
        assert!(long.starts_with("printf %s 'aaa") && long.ends_with("--data-binary @-"));
    }
}
