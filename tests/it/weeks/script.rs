//! What is played: a seed, and how much of what it would give. Smaller ones find what a failure needs.

use std::fmt;
use std::str::FromStr;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::trouble::Trouble;

/// Companies of a world.
pub const COMPANIES: usize = 6;
/// Its nights.
pub const NIGHTS: usize = 14;

/// One world's weeks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub seed: u64,
    /// The numbers of the companies that take part.
    pub companies: Vec<usize>,
    pub nights: usize,
    pub troubles: Vec<Trouble>,
    /// Whether workers are killed.
    pub kills: bool,
}

impl Script {
    /// All that a seed gives.
    pub fn of(seed: u64) -> Self {
        Self {
            seed,
            companies: (0..COMPANIES).collect(),
            nights: NIGHTS,
            troubles: Trouble::all(),
            kills: true,
        }
    }

    /// Chance for one night (and company): the same whatever else takes part.
    pub fn dice(&self, night: usize, of: usize) -> StdRng {
        let mixed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        StdRng::seed_from_u64(mixed ^ ((night as u64) << 20) ^ (of as u64))
    }

    /// Smaller ones, the boldest first.
    pub fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let of = |change: &dyn Fn(&mut Self)| {
            let mut script = self.clone();
            change(&mut script);
            script
        };
        if self.kills {
            all.push(of(&|script| script.kills = false));
        }
        if !self.troubles.is_empty() {
            all.push(of(&|script| script.troubles.clear()));
        }
        halves(&self.companies, |half| {
            all.push(of(&|script| script.companies = half.to_vec()));
        });
        halves(&self.troubles, |half| {
            all.push(of(&|script| script.troubles = half.to_vec()));
        });
        if self.nights > 1 {
            all.push(of(&|script| script.nights -= 1));
        }
        all
    }
}

fn halves<T>(all: &[T], mut each: impl FnMut(&[T])) {
    if all.len() > 1 {
        let (one, other) = all.split_at(all.len() / 2);
        each(one);
        each(other);
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let companies: Vec<String> = self.companies.iter().map(ToString::to_string).collect();
        let troubles: Vec<String> = self.troubles.iter().map(ToString::to_string).collect();
        write!(f, "{};{};{};", self.seed, companies.join(","), self.nights)?;
        if self.troubles == Trouble::all() {
            write!(f, "all")?;
        } else {
            write!(f, "{}", troubles.join(","))?;
        }
        write!(f, ";{}", if self.kills { "kills" } else { "lives" })
    }
}

/// A seed alone, or all that [`Script`] prints.
impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.trim().split(';');
        let number = |part: &str| part.parse().map_err(|_| format!("no number: {part}"));
        let mut script = Self::of(number(parts.next().unwrap_or_default())?);
        if let Some(companies) = parts.next() {
            let each = companies.split(',').map(str::parse::<usize>);
            script.companies = each.collect::<Result<_, _>>().map_err(|e| e.to_string())?;
        }
        if let Some(nights) = parts.next() {
            script.nights = nights.parse().map_err(|_| format!("no number: {nights}"))?;
        }
        if let Some(troubles) = parts.next().filter(|part| *part != "all") {
            let names = troubles.split(',').filter(|name| !name.is_empty());
            script.troubles = names.map(str::parse).collect::<Result<_, _>>()?;
        }
        script.kills = parts.next().is_none_or(|word| word == "kills");
        Ok(script)
    }
}
