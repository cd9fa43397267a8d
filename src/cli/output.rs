//! How the command line prints: results to standard output, everything else to standard error.

use std::io::Write as _;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table};
use console::Style;

/// Prints a line of results. A closed pipe is no error: whoever read has read enough.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a line about what goes on, or went wrong.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// The text with a capital letter in front.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// `1 person`, `2 people`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A table without lines that fits the terminal's width.
pub fn table<'a>(head: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    let bold = Style::new().bold();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(
            head.into_iter()
                .map(|title| Cell::new(bold.apply_to(title))),
        );
    table
}

/// Prints a table, moved in by two spaces.
pub fn say_table(table: &Table) {
    for line in table.lines() {
        say(&format!(" {}", line.trim_end()));
    }
}

/// Green, where colours are shown.
pub fn good(text: &str) -> String {
    Style::new().green().apply_to(text).to_string()
}

/// Yellow, where colours are shown.
pub fn warning(text: &str) -> String {
    Style::new().yellow().apply_to(text).to_string()
}

/// Red, where colours are shown.
pub fn bad(text: &str) -> String {
    Style::new().red().apply_to(text).to_string()
}

/// Faint, where colours are shown.
pub fn faint(text: &str) -> String {
    Style::new().dim().apply_to(text).to_string()
}

/// Bold, where colours are shown.
pub fn strong(text: &str) -> String {
    Style::new().bold().apply_to(text).to_string()
}

/// A paragraph is no wider than this, in columns, however wide the terminal is.
const READABLE: usize = 100;

/// Prints text in lines that fit the terminal, moved in by so many columns, the lines after the first by `hanging` more; where
/// there is no terminal, 80 columns.
pub fn say_wrapped(text: &str, indent: usize, hanging: usize) {
    let (_, columns) = console::Term::stdout().size();
    let width = usize::from(columns).min(READABLE);
    let mut line = " ".repeat(indent);
    let mut wide = indent;
    let mut bare = true;
    for word in text.split_whitespace() {
        let letters = console::measure_text_width(word);
        if !bare && wide + 1 + letters > width {
            say(&line);
            line = " ".repeat(indent + hanging);
            wide = indent + hanging;
            bare = true;
        }
        if !bare {
            line.push(' ');
            wide += 1;
        }
        line.push_str(word);
        wide += letters;
        bare = false;
    }
    if !bare {
        say(&line);
    }
}

/// Where a table is too wide only its first column gives way, between words; the gaps are narrow.
pub fn whole_but_first(table: &mut Table) {
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((1, 0));
        if at > 0 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// Numbers stand at the right of their columns: of all but the first so many.
pub fn numbers_after(table: &mut Table, words: usize) {
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}
