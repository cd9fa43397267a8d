//! Names of people from many places, written by hand, and how an administrator spells them in an address. A name that is
//! not in Latin letters carries its Latin spelling after `|`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::rng::Rng;

/// First and last names that go together.
pub(super) struct Pool {
    pub(super) first: &'static [&'static str],
    pub(super) last: &'static [&'static str],
}

const ENGLISH: Pool = Pool {
    first: &[
        "Amelia",
        "Ben",
        "Charlotte",
        "Daniel",
        "Emily",
        "Fred",
        "Grace",
        "Henry",
        "Isla",
        "Jack",
        "Katherine",
        "Liam",
        "Mary Ann",
        "Noah",
        "Olivia",
        "Peter",
        "Rachel",
        "Samuel",
        "Tara",
        "William",
        "Zachary",
        "Jo",
        "J.",
        "Mary-Kate",
    ],
    last: &[
        "Adams",
        "Baker",
        "Carter",
        "Dawson",
        "Ellis",
        "Fletcher",
        "Graham",
        "Harris",
        "Irving",
        "Johnson",
        "Knight",
        "Lawson",
        "Mitchell",
        "Nelson",
        "Osborne",
        "Parker",
        "Reynolds",
        "Smith",
        "Turner",
        "Underwood",
        "Walker",
        "Young",
        "Smith-Jones",
        "St. John",
    ],
};

const APOSTROPHE: Pool = Pool {
    first: &[
        "Aoife", "Ciarán", "Niamh", "Seán", "Siobhán", "D'Arcy", "Róisín", "Pádraig",
    ],
    last: &[
        "O'Brien",
        "O'Neill",
        "O’Sullivan",
        "D'Angelo",
        "MacDonald",
        "McCarthy",
        "O'Connor",
        "Dell'Acqua",
    ],
};

const EUROPEAN: Pool = Pool {
    first: &[
        "Anaïs",
        "Björn",
        "Chloé",
        "Dušan",
        "Eléonore",
        "François",
        "Giulia",
        "Håkan",
        "Inês",
        "Jürgen",
        "Kateřina",
        "Łukasz",
        "Małgorzata",
        "Núria",
        "Øyvind",
        "Pénélope",
        "Réka",
        "Søren",
        "Şebnem",
        "Þóra",
        "Umut",
        "Željka",
        "Zoë",
        "João",
    ],
    last: &[
        "Ångström",
        "Bäcker",
        "Çelik",
        "Dvořák",
        "Espinós",
        "Fußmann",
        "García López",
        "Håland",
        "Ibáñez",
        "Jørgensen",
        "Kovačević",
        "Lefèvre",
        "Müller",
        "Núñez",
        "Ólafsdóttir",
        "Przybyła",
        "Quintão",
        "Rößler",
        "Şahin",
        "Tóth",
        "van der Berg",
        "de la Fuente",
        "Weiß",
        "Życzkowski",
    ],
};

/// Written with combining characters, as some phones and Macs send names.
pub(super) const DECOMPOSED: Pool = Pool {
    first: &[
        "Jose\u{301}",
        "Zoe\u{308}",
        "Rene\u{301}e",
        "A\u{30a}sa",
        "Nguye\u{302}\u{303}n",
    ],
    last: &[
        "Mu\u{308}ller",
        "Garci\u{301}a",
        "Fran\u{327}ois",
        "Ha\u{30a}kansson",
        "Dvor\u{30c}a\u{301}k",
    ],
};

pub(super) const CYRILLIC: Pool = Pool {
    first: &[
        "Иван|Ivan",
        "Ольга|Olga",
        "Дмитрий|Dmitri",
        "Наталья|Natalia",
        "Олександр|Oleksandr",
        "Мирослава|Myroslava",
    ],
    last: &[
        "Иванов|Ivanov",
        "Петрова|Petrova",
        "Шевченко|Shevchenko",
        "Кузнецов|Kuznetsov",
        "Йорданова|Yordanova",
    ],
};

pub(super) const GREEK: Pool = Pool {
    first: &[
        "Γιώργος|Giorgos",
        "Ελένη|Eleni",
        "Νίκος|Nikos",
        "Αθηνά|Athina",
        "Σταύρος|Stavros",
    ],
    last: &[
        "Παπαδόπουλος|Papadopoulos",
        "Αγγελοπούλου|Angelopoulou",
        "Νικολάου|Nikolaou",
        "Ιωάννου|Ioannou",
    ],
};

pub(super) const EAST_ASIAN: Pool = Pool {
    first: &[
        "伟|Wei",
        "芳|Fang",
        "秀英|Xiuying",
        "大翔|Hiroto",
        "さくら|Sakura",
        "민준|Minjun",
        "서연|Seoyeon",
    ],
    // the first character of the second one lies outside the basic plane: two UTF-16 units
    last: &[
        "陈|Chen",
        "𠮷田|Yoshida",
        "王|Wang",
        "佐藤|Sato",
        "김|Kim",
        "欧阳|Ouyang",
    ],
};

const ASIAN: Pool = Pool {
    first: &[
        "Aarav", "Bảo", "Chandra", "Divya", "Farhan", "Gita", "Hương", "Ishaan", "Kavita", "Mei",
        "Priya", "Rajesh", "Siti",
    ],
    last: &[
        "Agarwal",
        "Bhattacharya",
        "Chaudhary",
        "Desai",
        "Iyer",
        "Krishnamurthy",
        "Lê",
        "Nguyễn",
        "Patel",
        "Rahman",
        "Tan",
    ],
};

const AFRICAN_AND_ARAB: Pool = Pool {
    first: &[
        "Abdul-Rahman",
        "Adaeze",
        "Chidi",
        "Fatima",
        "Kwame",
        "Layla",
        "محمد|Mohammed",
        "Omar",
        "Thandiwe",
        "Yusuf",
        "Zainab",
    ],
    last: &[
        "Abubakar",
        "Adeyemi",
        "al-Hassan",
        "ben Yusuf",
        "Diallo",
        "الفاسي|al-Fasi",
        "Mensah",
        "Ndlovu",
        "Okafor",
        "Zulu",
    ],
};

/// First or last names of more than 30 characters, the most that ConnectWise keeps.
pub(super) const LONG: Pool = Pool {
    first: &[
        "Maximiliane-Alexandrina Wilhelmine",
        "José Francisco Sebastián de los Ángeles",
        "Anne-Marie-Josephine Antoinette",
    ],
    last: &[
        "Wolfeschlegelsteinhausen-Bergerdorff",
        "Fernández de Córdoba y Álvarez de Toledo",
        "Leutheusser-Schnarrenberger-Hohenstein",
        "Featherstonehaugh-Cholmondeley-Smythe",
    ],
};

/// People with one name only.
pub(super) const ONE_NAME: &[&str] = &[
    "Suharto",
    "Teller",
    "Mononymous",
    "Wulandari",
    "Björk",
    "Sukarno",
    "Madhavan",
];

const USUAL: &[(&Pool, usize)] = &[
    (&ENGLISH, 44),
    (&EUROPEAN, 24),
    (&APOSTROPHE, 8),
    (&ASIAN, 10),
    (&AFRICAN_AND_ARAB, 7),
    (&CYRILLIC, 3),
    (&GREEK, 2),
    (&EAST_ASIAN, 2),
];

/// A name in its own letters and in those of an address.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) native: String,
    pub(super) latin: String,
}

impl Name {
    fn of(entry: &str) -> Self {
        let (native, latin) = entry.split_once('|').unwrap_or((entry, entry));
        Self {
            native: native.into(),
            latin: latin_letters(latin),
        }
    }
}

/// The pool of the next person.
pub(super) fn pool(rng: &mut Rng) -> &'static Pool {
    let mut left = rng.below(100);
    for (pool, share) in USUAL {
        if left < *share {
            return pool;
        }
        left -= share;
    }
    &ENGLISH
}

/// A first and a last name of this pool.
pub(super) fn full(rng: &mut Rng, pool: &Pool) -> (Name, Name) {
    (
        Name::of(rng.pick(pool.first)),
        Name::of(rng.pick(pool.last)),
    )
}

/// What may stand before the `@`: Latin letters in lower case and hyphens.
pub(super) fn latin_letters(name: &str) -> String {
    let mut letters = String::new();
    for character in name
        .nfd()
        .filter(|character| !is_combining_mark(*character))
    {
        match character {
            'ø' | 'Ø' => letters.push('o'),
            'ł' | 'Ł' => letters.push('l'),
            'ß' => letters.push_str("ss"),
            'ı' => letters.push('i'),
            'đ' | 'Đ' => letters.push('d'),
            'Þ' | 'þ' => letters.push_str("th"),
            'æ' | 'Æ' => letters.push_str("ae"),
            '-' => letters.push('-'),
            other if other.is_ascii_alphanumeric() => letters.push(other.to_ascii_lowercase()),
            _ => {}
        }
    }
    letters.trim_matches('-').into()
}
