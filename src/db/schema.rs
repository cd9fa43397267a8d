//! The tables, as diesel sees them in both databases. The migrations make them; a test selects every one on both.

#![expect(
    missing_docs,
    reason = "the columns are explained where their rows are defined"
)]

mod told;

pub use told::{company_notices, deliveries, notices};

diesel::table! {
    settings (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    claims (name) {
        name -> Text,
        process -> Text,
        until -> Timestamp,
    }
}

diesel::table! {
    psa_connections (id) {
        id -> BigInt,
        name -> Text,
        kind -> Text,
        fields -> Text,
        default_contact_type_id -> Nullable<Text>,
        default_contact_type_name -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
        removed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    secrets (owner_kind, owner_id, name) {
        owner_kind -> Text,
        owner_id -> BigInt,
        name -> Text,
        key_id -> Text,
        nonce -> Binary,
        ciphertext -> Binary,
        expires -> Nullable<Date>,
    }
}

diesel::table! {
    companies (id) {
        id -> BigInt,
        name -> Text,
        psa_id -> BigInt,
        psa_company_id -> Text,
        sync_contacts -> Bool,
        update_existing -> Bool,
        use_email -> Bool,
        default_site_id -> Nullable<Text>,
        default_site_name -> Nullable<Text>,
        schedule -> Nullable<Text>,
        timezone -> Text,
        guard_floor -> BigInt,
        guard_percent -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
        removed_at -> Nullable<Timestamp>,
        scheduled_for -> Nullable<Timestamp>,
    }
}

diesel::table! {
    filters (id) {
        id -> BigInt,
        company_id -> BigInt,
        position -> BigInt,
        name -> Nullable<Text>,
        enabled -> Bool,
        conditions -> Text,
        exclude -> Bool,
        site_id -> Nullable<Text>,
        site_name -> Nullable<Text>,
        contact_type_id -> Nullable<Text>,
        contact_type_name -> Nullable<Text>,
    }
}

diesel::table! {
    ignored_users (company_id, entry) {
        company_id -> BigInt,
        entry -> Text,
        position -> BigInt,
        user_id -> Nullable<Text>,
    }
}

diesel::table! {
    tenant_connections (company_id) {
        company_id -> BigInt,
        tenant_id -> Text,
        client_id -> Text,
        certificate -> Bool,
        expires -> Nullable<Date>,
        cloud -> Text,
    }
}

diesel::table! {
    links (id) {
        id -> BigInt,
        company_id -> BigInt,
        tenant_id -> Text,
        psa_company_id -> Text,
        user_id -> Text,
        upn -> Text,
        contact_id -> Text,
        made -> Text,
        made_run -> Nullable<Text>,
        made_at -> Timestamp,
        written -> Nullable<Text>,
        user_deleted -> Bool,
        retired_at -> Nullable<Timestamp>,
        retired_why -> Nullable<Text>,
    }
}

diesel::table! {
    runs (id) {
        id -> Text,
        company_id -> BigInt,
        mode -> Text,
        preview -> Bool,
        state -> Text,
        status -> Nullable<Text>,
        started_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        process -> Text,
        counts -> Text,
        calls -> Text,
        error -> Nullable<Text>,
        findings -> Text,
        known_contacts -> Nullable<Text>,
        planned -> Nullable<BigInt>,
        requested_by -> Nullable<Text>,
        undoes -> Nullable<Text>,
        undoes_user -> Nullable<Text>,
        left_alone -> Nullable<Text>,
    }
}

diesel::table! {
    changes (id) {
        id -> BigInt,
        run_id -> Text,
        company_id -> BigInt,
        user_id -> Text,
        upn -> Text,
        name -> Text,
        contact_id -> Nullable<Text>,
        action -> Text,
        reason -> Text,
        filter -> Nullable<Text>,
        site -> Nullable<Text>,
        fields -> Text,
        before -> Nullable<Text>,
        outcome -> Text,
        error -> Nullable<Text>,
        created_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        undoes -> Nullable<BigInt>,
    }
}

diesel::table! {
    writes (id) {
        id -> BigInt,
        change_id -> BigInt,
        run_id -> Text,
        company_id -> BigInt,
        seq -> BigInt,
        step -> Text,
        state -> Text,
        sent_at -> Timestamp,
        settled_at -> Nullable<Timestamp>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    holds (id) {
        id -> BigInt,
        company_id -> BigInt,
        run_id -> Text,
        opened_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
        closed_how -> Nullable<Text>,
        note -> Nullable<Text>,
        closed_by -> Nullable<Text>,
    }
}

diesel::table! {
    hold_people (hold_id, user_id) {
        hold_id -> BigInt,
        user_id -> Text,
        upn -> Text,
        name -> Text,
        contact_id -> Text,
        reason -> Text,
        left_at -> Nullable<Timestamp>,
        left_how -> Nullable<Text>,
    }
}

diesel::table! {
    dismissals (company_id, user_id) {
        company_id -> BigInt,
        user_id -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    facts (scope, name) {
        scope -> Text,
        name -> Text,
        value -> Text,
        read_at -> Timestamp,
    }
}

diesel::table! {
    readings (company_id) {
        company_id -> BigInt,
        run_id -> Text,
        read_at -> Timestamp,
        users -> Text,
        #[sql_name = "groups"]
        rest -> Text,
        contacts -> Text,
    }
}

diesel::table! {
    tallies (company_id) {
        company_id -> BigInt,
        seen -> Text,
        counts -> Nullable<Text>,
    }
}

diesel::table! {
    plans (company_id) {
        company_id -> BigInt,
        run_id -> Text,
        made_at -> Timestamp,
        plan -> Text,
        in_conflict -> Nullable<Text>,
    }
}

diesel::table! {
    staff (id) {
        id -> BigInt,
        name -> Text,
        name_key -> Text,
        role -> Text,
        password -> Nullable<Text>,
        enabled -> Bool,
        created_at -> Timestamp,
        signed_in_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sessions (key_hash) {
        key_hash -> Text,
        staff_id -> Nullable<BigInt>,
        state -> Text,
        created_at -> Timestamp,
        seen_at -> Timestamp,
    }
}

diesel::table! {
    sign_in_links (token_hash) {
        token_hash -> Text,
        staff_id -> Nullable<BigInt>,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    sign_in_failures (subject) {
        subject -> Text,
        failures -> BigInt,
        last_at -> Timestamp,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        company_id -> Nullable<BigInt>,
        lane -> Text,
        payload -> Text,
        priority -> BigInt,
        state -> Text,
        run_at -> Timestamp,
        attempts -> BigInt,
        process -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        run_id -> Nullable<Text>,
        requested_by -> Nullable<Text>,
        error -> Nullable<Text>,
        created_at -> Timestamp,
        started_at -> Nullable<Timestamp>,
        finished_at -> Nullable<Timestamp>,
        stop_by -> Nullable<Text>,
    }
}

diesel::table! {
    previews (company_id) {
        company_id -> BigInt,
        run_id -> Text,
        made_at -> Timestamp,
        digest -> Text,
        report -> Text,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        at -> Timestamp,
        staff -> Text,
        company_id -> Nullable<BigInt>,
        user_id -> Nullable<Text>,
        kind -> Text,
        detail -> Text,
    }
}

diesel::table! {
    consents (state_hash) {
        state_hash -> Text,
        session_hash -> Text,
        company_id -> BigInt,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    quarantines (owner_kind, owner_id) {
        owner_kind -> Text,
        owner_id -> BigInt,
        kind -> Text,
        message -> Text,
        advice -> Text,
        since -> Timestamp,
        failed_at -> Timestamp,
        failures -> BigInt,
        next_try -> Timestamp,
    }
}

diesel::joinable!(changes -> runs (run_id));
diesel::joinable!(writes -> changes (change_id));
diesel::joinable!(hold_people -> holds (hold_id));
diesel::allow_tables_to_appear_in_same_query!(changes, companies, hold_people, holds, runs, writes);
