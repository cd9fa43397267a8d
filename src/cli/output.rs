//! How the command line prints: results to standard output, everything else to standard error.

use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table};
use console::Style;

use crate::config::MissingDatabase;
use crate::model::RunFailure;

pub use crate::model::text::{capital, sentence};

/// Whether a result could not be printed.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a line of results. A closed pipe is no error: whoever read has read enough. Any other failure is complained of
/// once, and makes the command fail: see [`lost`].
pub fn say(text: &str) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{text}")
        && error.kind() != ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        complain(&format!("The results cannot be printed: {error}"));
    }
}

/// Whether a result could not be printed, for another reason than a closed pipe.
pub fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Prints a line about what goes on, or went wrong.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Whether a person sits there, who can be asked.
pub fn at_a_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Asks whoever sits there; anything but a yes is a no.
pub async fn yes(question: &str) -> bool {
    let _ = write!(std::io::stderr().lock(), "{question} [y/N] ");
    let read = || {
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        read.map(|_| answer)
    };
    let answer = tokio::task::spawn_blocking(read).await;
    matches!(answer, Ok(Ok(answer)) if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// What is said where a command made its database: more likely than a new installation is a folder that is misspelt.
pub fn made(new: &MissingDatabase) -> String {
    let (path, variable) = (new.path.display(), new.variable);
    format!(
        "Made a new, empty database at {path}: check {variable} if you expected companies in it."
    )
}

/// What went wrong and what to do about it, in sentences.
pub fn told(error: &RunFailure) -> String {
    let (message, advice) = (sentence(&error.message), sentence(&error.advice));
    format!("{message} {advice}").trim().to_owned()
}

/// A name as a shell takes it.
pub fn quoted(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "@._+-/:".contains(letter);
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else if name.contains(['"', '$', '`', '\\', '!']) {
        format!("'{}'", name.replace('\'', "'\\''"))
    } else {
        format!("\"{name}\"")
    }
}

/// `1 person`, `2 people`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A table without lines that fits the terminal's width.
pub fn table<'a>(head: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    let bold = Style::new().bold();
    if let Some(width) = terminal() {
        // Each line is moved in.
        table.set_width(u16::try_from(width.saturating_sub(1)).unwrap_or(u16::MAX));
    }
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

/// The width of a terminal that does not know its own.
const UNKNOWN: usize = 80;
/// No terminal is taken to be narrower: a letter a line helps nobody.
const NARROWEST: usize = 40;

/// The columns of the terminal on standard output; `None` where it is none.
fn terminal() -> Option<usize> {
    if !console::user_attended() {
        return None;
    }
    let columns = console::Term::stdout().size_checked();
    let columns = columns.map_or(0, |(_, columns)| usize::from(columns));
    Some(if columns == 0 {
        UNKNOWN
    } else {
        columns.max(NARROWEST)
    })
}

/// Whether a table may have a column more.
pub fn is_wide() -> bool {
    terminal().is_none_or(|columns| columns >= 120)
}

/// Prints a line that a terminal may break between words; elsewhere it stays one line.
pub fn say_line(text: &str, indent: usize, hanging: usize) {
    match terminal() {
        Some(columns) => wrapped(text, indent, hanging, columns),
        None => say(&format!("{}{text}", " ".repeat(indent))),
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

/// Yellow, where colours are shown on standard error.
pub fn warning_aside(text: &str) -> String {
    let style = Style::new().for_stderr().yellow();
    style.apply_to(text).to_string()
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
    let width = terminal().unwrap_or(UNKNOWN).min(READABLE);
    wrapped(text, indent, hanging, width);
}

fn wrapped(text: &str, indent: usize, hanging: usize, width: usize) {
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
