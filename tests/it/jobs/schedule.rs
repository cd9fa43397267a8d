//! The daily schedule: at each company's time, right across clock changes, once a day, and once for days that were missed.

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::clock::Clock;
use rollcall::db::companies;
use rollcall::db::jobs::{self, Priority};
use rollcall::jobs::schedule::{SCHEDULE, Timetable, tick};
use rollcall::model::Company;

use super::on_both;
use crate::stage::Stage;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn dues(table: &Timetable, from: &str, count: usize) -> Vec<String> {
    let mut now = at(from);
    (0..count)
        .map(|_| {
            now = table.next_due(now).unwrap();
            now.format("%m-%d %H:%M").to_string()
        })
        .collect()
}

#[test]
fn a_run_is_due_at_the_companys_own_time_each_day() {
    let table = Timetable::new(1, Some("02:30"), "Europe/London");
    assert_eq!(
        dues(&table, "2026-01-31T12:00:00Z", 3),
        ["02-01 02:30", "02-02 02:30", "02-03 02:30"]
    );
    let table = Timetable::new(1, Some("23:45"), "Pacific/Auckland");
    assert_eq!(
        dues(&table, "2026-06-01T00:00:00Z", 2),
        ["06-01 11:45", "06-02 11:45"]
    );
    assert_eq!(
        table.last_due(at("2026-06-01T11:45:00Z")),
        Some(at("2026-06-01T11:45:00Z"))
    );
    assert_eq!(
        table.last_due(at("2026-06-01T11:44:59Z")),
        Some(at("2026-05-31T11:45:00Z"))
    );
}

#[test]
fn the_night_that_loses_an_hour_has_its_run_after_the_gap() {
    // 29 March 2026: London's clocks go from 01:00 to 02:00.
    let table = Timetable::new(1, Some("01:30"), "Europe/London");
    assert_eq!(
        dues(&table, "2026-03-28T02:00:00Z", 3),
        ["03-29 01:00", "03-30 00:30", "03-31 00:30"]
    );
}

#[test]
fn the_night_that_has_an_hour_twice_has_one_run() {
    // 25 October 2026: London's clocks go from 02:00 back to 01:00.
    let table = Timetable::new(1, Some("01:30"), "Europe/London");
    assert_eq!(
        dues(&table, "2026-10-24T12:00:00Z", 3),
        ["10-25 00:30", "10-26 01:30", "10-27 01:30"]
    );
}

#[test]
fn clocks_that_change_by_half_an_hour_are_no_trouble() {
    // Lord Howe Island, 4 October 2026: from 02:00 to 02:30; 5 April 2026: from 02:00 back to 01:30.
    let table = Timetable::new(1, Some("02:15"), "Australia/Lord_Howe");
    assert_eq!(
        dues(&table, "2026-10-02T16:00:00Z", 3),
        ["10-03 15:30", "10-04 15:15", "10-05 15:15"]
    );
    let table = Timetable::new(1, Some("01:45"), "Australia/Lord_Howe");
    assert_eq!(
        dues(&table, "2026-04-03T15:00:00Z", 3),
        ["04-04 14:45", "04-05 15:15", "04-06 15:15"]
    );
}

#[test]
fn a_leap_day_and_a_day_that_a_zone_leaves_out_are_no_trouble() {
    let table = Timetable::new(1, Some("02:30"), "UTC");
    assert_eq!(
        dues(&table, "2028-02-28T12:00:00Z", 2),
        ["02-29 02:30", "03-01 02:30"]
    );
    // Samoa had no 30 December 2011.
    let table = Timetable::new(1, Some("02:30"), "Pacific/Apia");
    let days = dues(&table, "2011-12-28T12:30:00Z", 3);
    assert_eq!(days, ["12-29 12:30", "12-30 10:00", "12-30 12:30"]);
}

#[test]
fn companies_without_a_time_are_spread_over_the_night() {
    let mut hours = [0_u32; 24];
    for company in 1..=1_000 {
        let due = Timetable::new(company, None, "UTC")
            .next_due(at("2026-01-31T12:00:00Z"))
            .unwrap();
        hours[usize::try_from(due.format("%H").to_string().parse::<u32>().unwrap()).unwrap()] += 1;
        assert_eq!(
            Some(due),
            Timetable::new(company, None, "UTC").next_due(at("2026-01-31T13:00:00Z"))
        );
    }
    assert_eq!(hours[0..6].iter().sum::<u32>(), 1_000, "{hours:?}");
    assert!(
        hours[1..5].iter().all(|count| (150..250).contains(count)),
        "{hours:?}"
    );
}

on_both!(
    the_schedule_asks_for_one_run_a_day_however_often_it_is_looked_at,
    days_that_were_missed_are_made_up_once,
    a_clock_that_is_set_back_asks_for_nothing_twice,
    a_clock_that_was_years_ahead_stops_nothing_for_years,
    a_clock_that_was_a_day_ahead_loses_no_daily_run,
    a_company_whose_contact_sync_is_off_has_no_daily_run,
);

/// How many runs wait, and who asked.
async fn waiting(stage: &Stage) -> Vec<(Priority, Option<String>)> {
    let company = stage.company_id;
    let jobs = stage
        .app
        .db()
        .read(move |conn| jobs::waiting(conn, company))
        .await
        .unwrap();
    jobs.into_iter()
        .map(|job| (job.priority, job.requested_by))
        .collect()
}

/// Takes what waits away, as if it were done.
async fn done(stage: &Stage) {
    let (company, now) = (stage.company_id, stage.clock.now());
    stage
        .write(move |conn| {
            for job in jobs::waiting(conn, company)? {
                jobs::cancel(conn, job.id, "done", now)?;
            }
            Ok(())
        })
        .await;
}

async fn set_company(stage: &Stage, change: impl FnOnce(&mut Company)) {
    let mut company = stage.company().await;
    change(&mut company);
    let now = stage.clock.now();
    stage
        .write(move |conn| companies::update(conn, &company, now))
        .await;
}

/// A stage that the schedule has seen, a moment before 02:30.
async fn seen(stage: &Stage) {
    set_company(stage, |company| company.schedule = Some("02:30".into())).await;
    set(&stage.clock, "2026-02-10T02:00:00Z");
    assert_eq!(tick(&stage.app).await.unwrap(), 0);
}

fn set(clock: &Clock, to: &str) {
    let apart = at(to) - clock.now();
    clock.advance(apart.to_std().unwrap());
}

async fn the_schedule_asks_for_one_run_a_day_however_often_it_is_looked_at(stage: Stage) {
    seen(&stage).await;
    assert_eq!(waiting(&stage).await, []);
    for day in ["2026-02-10T02:30:00Z", "2026-02-11T02:30:10Z"] {
        set(&stage.clock, day);
        assert_eq!(tick(&stage.app).await.unwrap(), 1);
        assert_eq!(tick(&stage.app).await.unwrap(), 0);
        assert_eq!(
            waiting(&stage).await,
            [(Priority::Night, Some(SCHEDULE.to_owned()))]
        );
        done(&stage).await;
        assert_eq!(tick(&stage.app).await.unwrap(), 0);
    }
}

async fn days_that_were_missed_are_made_up_once(stage: Stage) {
    seen(&stage).await;
    set(&stage.clock, "2026-02-20T15:00:00Z");
    assert_eq!(tick(&stage.app).await.unwrap(), 1);
    done(&stage).await;
    assert_eq!(tick(&stage.app).await.unwrap(), 0);
    set(&stage.clock, "2026-02-21T02:30:00Z");
    assert_eq!(tick(&stage.app).await.unwrap(), 1);
}

async fn a_clock_that_is_set_back_asks_for_nothing_twice(stage: Stage) {
    seen(&stage).await;
    set(&stage.clock, "2026-02-11T02:31:00Z");
    assert_eq!(tick(&stage.app).await.unwrap(), 1);
    done(&stage).await;
    let company = stage.company().await;
    let table = Timetable::new(company.id, company.schedule.as_deref(), &company.timezone);
    let back = stage.clock.now() - TimeDelta::days(1);
    let due = table.last_due(back).unwrap();
    let id = company.id;
    let taken = stage
        .write(move |conn| companies::take_day(conn, id, due))
        .await;
    assert!(!taken, "an earlier day is not asked for again");
}

/// A daily run was asked for by a clock that was ahead; on its own day it is asked for all the same.
async fn was_ahead(stage: &Stage, day: &str) {
    seen(stage).await;
    let (id, ahead) = (stage.company_id, at(day));
    stage
        .write(move |conn| companies::take_day(conn, id, ahead))
        .await;
    assert_eq!(tick(&stage.app).await.unwrap(), 0);
    set(&stage.clock, "2026-02-10T02:31:00Z");
    assert_eq!(tick(&stage.app).await.unwrap(), 1);
}

async fn a_clock_that_was_years_ahead_stops_nothing_for_years(stage: Stage) {
    was_ahead(&stage, "2031-02-11T02:30:00Z").await;
    done(&stage).await;
    assert_eq!(tick(&stage.app).await.unwrap(), 0);
}

async fn a_clock_that_was_a_day_ahead_loses_no_daily_run(stage: Stage) {
    was_ahead(&stage, "2026-02-11T02:30:00Z").await;
}

async fn a_company_whose_contact_sync_is_off_has_no_daily_run(stage: Stage) {
    seen(&stage).await;
    set_company(&stage, |company| company.sync_contacts = false).await;
    set(&stage.clock, "2026-02-12T02:31:00Z");
    assert_eq!(tick(&stage.app).await.unwrap(), 0);
    assert_eq!(waiting(&stage).await, []);
}
