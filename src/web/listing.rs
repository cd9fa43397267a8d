//! Lists that come in pages: which part is shown, and the addresses of the others. Reads nothing.

use serde::Serialize;
use url::form_urlencoded::Serializer;

/// So many rows stand on a page.
pub const ROWS: usize = 50;

/// Which part of a list a page shows. A template draws it by `{{ <pager of={page.pager}/> }}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pager {
    /// The number of the first row that is shown, from 1 on; 0 where there is none.
    pub from: usize,
    /// The number of the last.
    pub to: usize,
    /// How many rows there are.
    pub total: usize,
    /// The address of the part before; empty: this is the first.
    pub previous: String,
    /// The address of the part after; empty: this is the last.
    pub next: String,
}

impl Pager {
    /// The part of this number, from 1 on, as it was asked for; a number out of reach is the nearest. `kept` are the other
    /// parts of the query.
    pub fn new(asked: &str, total: usize, path: &str, kept: &[(&str, &str)]) -> Self {
        Self::of((asked, ROWS), total, path, kept)
    }

    /// The same of a list of which another number than [`ROWS`] stands on a page.
    pub fn of(
        (asked, rows): (&str, usize),
        total: usize,
        path: &str,
        kept: &[(&str, &str)],
    ) -> Self {
        let pages = total.div_ceil(rows).max(1);
        let page = asked.parse::<usize>().unwrap_or(1).clamp(1, pages);
        let to = |number: usize| {
            let number = number.to_string();
            let page: &[(&str, &str)] = if number == "1" {
                &[]
            } else {
                &[("page", &number)]
            };
            address(path, &[kept, page].concat())
        };
        Self {
            from: ((page - 1) * rows + 1).min(total),
            to: (page * rows).min(total),
            total,
            previous: if page > 1 {
                to(page - 1)
            } else {
                String::new()
            },
            next: if page < pages {
                to(page + 1)
            } else {
                String::new()
            },
        }
    }

    /// Those of all rows that are shown.
    pub fn part<T>(&self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        let before = self.from.saturating_sub(1);
        all.into_iter().skip(before).take(self.to - before)
    }
}

/// An address with a query; what is empty is left out.
pub fn address(path: &str, query: &[(&str, &str)]) -> String {
    let mut pairs = Serializer::new(String::new());
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        pairs.append_pair(name, value);
    }
    let pairs = pairs.finish();
    if pairs.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{pairs}")
    }
}

/// One choice of a select.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What it is called.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// The choices of a select, of which one is chosen.
pub fn choices<V: Into<String>, L: Into<String>>(
    all: impl IntoIterator<Item = (V, L)>,
    chosen: &str,
) -> Vec<Choice> {
    all.into_iter()
        .map(|(value, label)| {
            let value = value.into();
            Choice {
                chosen: value == chosen,
                label: label.into(),
                value,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_out_of_reach_is_the_nearest() {
        let last = Pager::new("999", 120, "/", &[("q", "a&b"), ("sort", "")]);
        assert_eq!((last.from, last.to, last.total), (101, 120, 120));
        assert_eq!(last.previous, "/?q=a%26b&page=2");
        assert_eq!(last.next, "");
        let first = Pager::new("-1", 120, "/", &[]);
        assert_eq!((first.from, first.to), (1, 50));
        assert_eq!(first.next, "/?page=2");
        assert_eq!(Pager::new("2", 120, "/", &[]).previous, "/");
    }

    #[test]
    fn each_row_stands_in_one_part() {
        let parts = ["1", "2", "3"].map(|number| Pager::of((number, 20), 50, "/", &[]));
        let rows: Vec<usize> = parts.iter().flat_map(|part| part.part(1..=50)).collect();
        assert_eq!(rows, (1..=50).collect::<Vec<usize>>());
        assert_eq!((parts[2].from, parts[2].to), (41, 50));
        assert!(parts[1].next.contains("page=3") && parts[2].next.is_empty());
    }

    #[test]
    fn a_list_of_nothing_has_one_empty_part() {
        let none = Pager::new("", 0, "/", &[]);
        assert_eq!((none.from, none.to, none.part([7]).count()), (0, 0, 0));
        assert_eq!((none.previous.as_str(), none.next.as_str()), ("", ""));
    }
}
