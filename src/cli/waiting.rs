//! What is said while a command waits for its turn: for whom, and for how long already.

use chrono::TimeDelta;

use super::output::{complain, count};
use crate::runs::{Awaited, Event, Waiting};

/// So many of the runs that are waited for are named; the rest is counted.
const NAMED: usize = 3;

/// Complains where a company's turn is waited for; what else happens is for others to tell.
pub fn told(company: &str, event: &Event) {
    if let Event::Waiting(waiting) = event {
        complain(&words(company, waiting));
    }
}

/// For whom a company waits.
pub fn words(company: &str, waiting: &Waiting) -> String {
    let waits = if waiting.waited < TimeDelta::minutes(1) {
        "waits for its turn".to_owned()
    } else {
        format!("has waited {} for its turn", long(waiting.waited))
    };
    let why = match (&waiting.of, &waiting.runs[..]) {
        (Awaited::Company, [(_, going), ..]) => {
            format!("a run of it has been going for {}", long(*going))
        }
        (Awaited::Company, []) => "somebody decides something about it, or saves it".to_owned(),
        (Awaited::Connection(name), runs) => {
            let of = of(runs);
            format!("another Rollcall process works the PSA connection {name}{of}")
        }
    };
    format!("{company}: {waits}: {why}")
}

/// Whose runs are going.
fn of(runs: &[(String, TimeDelta)]) -> String {
    let mut named: Vec<String> = runs
        .iter()
        .take(NAMED)
        .map(|(company, going)| format!("{company} for {}", long(*going)))
        .collect();
    if runs.len() > NAMED {
        let others = count(runs.len() - NAMED, "other", "others");
        named.push(format!("and {others}"));
    }
    if named.is_empty() {
        String::new()
    } else {
        format!(" ({})", named.join(", "))
    }
}

/// A time in its largest unit.
fn long(time: TimeDelta) -> String {
    let number = |number: i64| usize::try_from(number).unwrap_or_default();
    match (time.num_hours(), time.num_minutes()) {
        (1.., _) => count(number(time.num_hours()), "hour", "hours"),
        (_, 1..) => count(number(time.num_minutes()), "minute", "minutes"),
        _ => count(number(time.num_seconds()), "second", "seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(of: Awaited, runs: &[(&str, i64)], waited: i64) -> String {
        let run = |(company, seconds): &(&str, i64)| {
            ((*company).to_owned(), TimeDelta::seconds(*seconds))
        };
        let waiting = Waiting {
            of,
            runs: runs.iter().map(run).collect(),
            waited: TimeDelta::seconds(waited),
        };
        words("Contoso", &waiting)
    }

    #[test]
    fn who_waits_hears_for_whom_and_for_how_long_already() {
        let connection = || Awaited::Connection("Main PSA".to_owned());
        let five = [("A", 7300), ("B", 130), ("C", 61), ("D", 2), ("E", 1)];
        insta::assert_snapshot!(
            [
                waiting(connection(), &five, 0),
                waiting(connection(), &five[1..3], 59),
                waiting(connection(), &five[4..], 125),
                waiting(connection(), &[], 60),
                waiting(Awaited::Company, &five[2..3], 0),
                waiting(Awaited::Company, &[], 3600),
            ]
            .join("\n"),
            @r"
        Contoso: waits for its turn: another Rollcall process works the PSA connection Main PSA (A for 2 hours, B for 2 minutes, C for 1 minute, and 2 others)
        Contoso: waits for its turn: another Rollcall process works the PSA connection Main PSA (B for 2 minutes, C for 1 minute)
        Contoso: has waited 2 minutes for its turn: another Rollcall process works the PSA connection Main PSA (E for 1 second)
        Contoso: has waited 1 minute for its turn: another Rollcall process works the PSA connection Main PSA
        Contoso: waits for its turn: a run of it has been going for 1 minute
        Contoso: has waited 1 hour for its turn: somebody decides something about it, or saves it
        "
        );
    }
}
