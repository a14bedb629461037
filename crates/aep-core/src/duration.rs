//! Spans and moments as people write them: `1h30m`, `3h12m`, RFC 3339.

use toml::de::DeValue;

use crate::{Error, Result};

/// Parses `90`, `90s`, `15m`, `1h30m`, `2d` into seconds; a bare number is seconds.
///
/// # Errors
/// Usage, when the text is none of these.
pub fn parse(text: &str) -> Result<i64> {
    let refuse = || Error::usage(format!("`{text}` is not a duration; expected one like 90s, 15m or 1h30m"));
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(refuse());
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: i64 = rest[..digits].parse().map_err(|_| refuse())?;
        rest = &rest[digits..];
        let unit_length = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..unit_length] {
            "" | "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(refuse()),
        };
        rest = &rest[unit_length..];
        total = number.checked_mul(unit).and_then(|span| total.checked_add(span)).ok_or_else(refuse)?;
    }
    Ok(total)
}

/// Writes seconds as a prompt shows them: `3h12m`, `9m`, `<1m`; the minute is the finest unit, so that the text is stable.
pub fn brief(seconds: i64) -> String {
    let minutes = seconds / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "<1m".to_owned(),
        (0, minutes) => format!("{minutes}m"),
        (hours, minutes) => format!("{hours}h{minutes:02}m"),
    }
}

/// Writes a Unix time as RFC 3339 in UTC, whole seconds, with `Z`: `2026-01-02T03:04:05Z`.
///
/// Times outside the years 0 to 9999 are held at the ends, since RFC 3339 has no others.
pub fn rfc3339(unix_seconds: i64) -> String {
    const YEAR_0: i64 = -62_167_219_200;
    const YEAR_9999_END: i64 = 253_402_300_799;
    let seconds = unix_seconds.clamp(YEAR_0, YEAR_9999_END);
    let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Whether a text is a time in RFC 3339, in UTC with `Z`; fractions of a second may stand there.
pub fn is_rfc3339(text: &str) -> bool {
    // TOML's times are those of RFC 3339, but that its seconds may be left out.
    let Ok(value) = DeValue::parse(text) else { return false };
    let DeValue::Datetime(time) = value.get_ref() else { return false };
    let is_whole = time.date.is_some() && time.time.is_some_and(|time| time.second.is_some()) && time.offset.is_some();
    is_whole && text.ends_with('Z')
}

/// Days since 1970-01-01 to year, month and day, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("15m", 900), ("1h30m", 5_400), ("2d", 172_800), ("0", 0)] {
            assert_eq!(parse(text).unwrap(), seconds, "{text}");
        }
        for text in ["", "m", "1w", "-5m", "1.5h", "99999999999999999999", "9223372036854775807h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_prompt_shows_hours_and_minutes() {
        for (seconds, text) in
            [(11_520, "3h12m"), (3_600, "1h00m"), (540, "9m"), (59, "<1m"), (0, "<1m"), (86_399, "23h59m")]
        {
            assert_eq!(brief(seconds), text);
        }
    }

    #[test]
    fn what_is_a_time_in_rfc_3339() {
        for text in ["2026-01-02T03:04:05Z", "2026-02-28T23:59:59.123Z"] {
            assert!(is_rfc3339(text), "{text}");
        }
        for text in [
            "",
            "2026-01-02",
            "03:04:05Z",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05+01:00",
            "2026-02-30T03:04:05Z",
            "2026-01-02T99:04:05Z",
        ] {
            assert!(!is_rfc3339(text), "{text}");
        }
    }

    #[test]
    fn moments_in_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_392_000, "2026-11-23T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
    }
}
