//! How long to wait before a request is sent again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::RngExt;

/// 1, 2, 4 … seconds, less up to half of it, so that clients do not come back together.
pub fn backoff(tries: u32) -> Duration {
    let full = 1000 * 2_u64.pow(tries.saturating_sub(1).min(6));
    Duration::from_millis(rand::rng().random_range(full / 2..=full))
}

/// The pause that a `Retry-After` header asks for: seconds, decimals or a date; `None` where it is neither.
pub fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>()
        && !seconds.is_nan()
    {
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let at: DateTime<Utc> = httpdate::parse_http_date(text).ok()?.into();
    Some((at - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_after_is_read_as_seconds_decimals_and_dates() {
        let now = DateTime::parse_from_rfc3339("2026-01-31T02:30:00Z")
            .unwrap()
            .to_utc();
        assert_eq!(retry_after("5", now), Some(Duration::from_secs(5)));
        assert_eq!(
            retry_after(" 2.128 ", now),
            Some(Duration::from_millis(2128))
        );
        let date = retry_after("Sat, 31 Jan 2026 02:30:30 GMT", now);
        assert_eq!(date, Some(Duration::from_secs(30)));
        let past = retry_after("Sat, 31 Jan 2026 02:29:30 GMT", now);
        assert_eq!(past, Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-3", now), Some(Duration::ZERO));
        assert_eq!(retry_after("NaN", now), None);
    }
}
