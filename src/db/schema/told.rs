//! The tables of what people are told: notices, what leaves, and who hears of a company.

diesel::table! {
    notices (id) {
        id -> BigInt,
        cause -> Text,
        about -> Text,
        topic -> Text,
        told -> Text,
        opened_at -> Timestamp,
        told_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        over_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> BigInt,
        way -> Text,
        kind -> Text,
        recipient -> Text,
        message_id -> Text,
        subject -> Text,
        body -> Text,
        html -> Text,
        state -> Text,
        attempts -> BigInt,
        next_at -> Timestamp,
        error -> Nullable<Text>,
        created_at -> Timestamp,
        done_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    company_notices (company_id) {
        company_id -> BigInt,
        recipients -> Text,
        weekly -> Bool,
        weekly_recipients -> Text,
        weekly_until -> Nullable<Timestamp>,
    }
}
