//! A run and what came of it.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// The word stored and reported.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The value of this word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words!(
    /// What kind of run it is.
    Mode {
        /// The normal run.
        Update = "update",
        /// The same, with every cached reading forgotten first.
        Resync = "resync",
        /// The deactivations of a hold that a technician approved.
        Approval = "approval",
        /// A run put back.
        Undo = "undo",
    }
);

words!(
    /// How a run ended; where several are true, the last of these.
    Status {
        /// Everything went well.
        Succeeded = "succeeded",
        /// Deactivations wait for a technician.
        Held = "held",
        /// Some people failed.
        Partial = "partial",
        /// The run itself failed.
        Failed = "failed",
    }
);

words!(
    /// What came of one person's line.
    Outcome {
        /// Nothing was to be done.
        None = "none",
        /// A preview: it would be done.
        Planned = "planned",
        /// Done.
        Applied = "applied",
        /// Waits for a technician.
        Held = "held",
        /// Some of it was refused or is unknown.
        Failed = "failed",
        /// The run stopped first.
        Skipped = "skipped",
    }
);

/// HTTP requests that were sent, retries included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// To Microsoft's login.
    pub login: u64,
    /// To Microsoft Graph.
    pub graph: u64,
    /// To the PSA.
    pub psa: u64,
}

impl Calls {
    /// Counts these too.
    pub fn add(&mut self, more: Self) {
        self.login += more.login;
        self.graph += more.graph;
        self.psa += more.psa;
    }

    /// All of them.
    pub const fn total(&self) -> u64 {
        self.login + self.graph + self.psa
    }
}

words!(
    /// Of the two sides that a run brings together, one.
    Side {
        /// The customer's tenant: Microsoft's login and Graph.
        Tenant = "tenant",
        /// The PSA.
        Psa = "psa",
    }
);

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFailure {
    /// A word that programs can branch on.
    pub kind: String,
    /// What happened, in one sentence.
    pub message: String,
    /// What to do about it.
    pub advice: String,
    /// Whose connection failed, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
}

impl RunFailure {
    /// The same, by the connection of this side.
    #[must_use]
    pub fn by(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }
}

/// Something that a person should know, though the run goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A word that programs can branch on.
    pub kind: String,
    /// The finding, in one sentence.
    pub message: String,
}
