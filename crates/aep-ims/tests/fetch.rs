//! Both flows against the emulator: what is asked, what comes back, and what a refusal says.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use aep_core::acquire::{Cached, Fetched, TokenRequest, acquire};
use aep_core::cache::FileStore;
use aep_core::profile::{ProfileSelection, resolve};
use aep_core::secret::Credentials;
use aep_core::token::Source;

use aep_core::{Clock, Context, Environment, Error, Folders, Log};
use aep_ims::Ims;
use ims_emulator::{Emulator, Fault, Kind as FaultKind};

/// A clock that stands at a real moment and moves only when somebody waits.
struct StillClock {
    unix_millis: i64,
    waited: Rc<Cell<Duration>>,
    pauses: Rc<RefCell<Vec<Duration>>>,
}

impl Clock for StillClock {
    fn unix_millis(&self) -> i64 {
        self.unix_millis + i64::try_from(self.waited.get().as_millis()).unwrap()
    }
    fn monotonic(&self) -> Duration {
        self.waited.get()
    }
    fn sleep(&self, duration: Duration) {
        self.pauses.borrow_mut().push(duration);
        self.waited.set(self.waited.get() + duration);
    }
}

struct World {
    emulator: Emulator,
    home: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
    clock_error: i64,
    waited: Rc<Cell<Duration>>,
    pauses: Rc<RefCell<Vec<Duration>>>,
}

impl World {
    fn oauth() -> Self {
        let emulator = Emulator::plain().unwrap();
        let variables = emulator.environment();
        Self {
            emulator,
            home: tempfile::tempdir().unwrap(),
            variables,
            clock_error: 0,
            waited: Rc::default(),
            pauses: Rc::default(),
        }
    }

    fn jwt() -> Self {
        let mut world = Self::oauth();
        world.variables =
            ims_emulator::service_account_environment(&world.emulator.url(), ims_emulator::private_key_pem());
        world
    }

    fn set(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.variables.retain(|(own, _)| *own != name);
        self.variables.push((name, value.to_owned()));
        self
    }

    fn acquire(&self) -> Result<Fetched, Error> {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap();
        let folder = |name: &str| self.home.path().join(name);
        let context = Context {
            environment: Environment::from_pairs(self.variables.clone()),
            clock: Box::new(StillClock {
                unix_millis: i64::try_from(now.as_millis()).unwrap() + self.clock_error * 1000,
                waited: Rc::clone(&self.waited),
                pauses: Rc::clone(&self.pauses),
            }),
            folders: Folders::at(folder("config"), folder("data"), folder("cache")),
            log: Log::silent(),
            keyring: Default::default(),
        };
        let profile = resolve(&context, &ProfileSelection::default())?;
        let road = Cached::new(FileStore::new(&context, &profile)?, Ims::asked_by("test"));
        acquire(&Credentials::new(&context, &profile), &TokenRequest::default(), &road)
    }

    fn refusal(&self) -> Error {
        self.acquire().unwrap_err()
    }
}

#[test]
fn oauth_posts_a_form_and_tells_seconds() {
    let world = World::oauth();
    let fetched = world.acquire().unwrap();
    assert_eq!((fetched.source, fetched.token.life), (Source::Ims, Some(86_400)));
    let request = &world.emulator.requests()[0];
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(request.text().contains("&scope=openid%2Csession%2CAdobeID%2Cread_organizations%2C"), "{}", request.text());
    assert!(request.header("user-agent").unwrap().starts_with("test/"));
    assert_eq!(world.acquire().unwrap().source, Source::Cache);
    assert_eq!(world.emulator.token_requests(), 1);
}

#[test]
fn the_service_account_posts_multipart_form_data() {
    let world = World::jwt();
    assert_eq!(world.acquire().unwrap().token.life, Some(86_400));
    let request = &world.emulator.requests()[0];
    assert_eq!(request.path, "/ims/exchange/jwt");
    assert!(request.header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
}

#[test]
fn a_key_with_escaped_line_ends_signs_as_well() {
    let mut world = World::jwt();
    world.set("AEP_PRIVATE_KEY", &ims_emulator::private_key_pem().replace('\n', "\\n"));
    assert!(world.acquire().is_ok());
}

#[test]
fn the_endpoint_decides_the_unit_where_the_token_is_silent() {
    for (world, expires_in, life) in [
        (World::oauth(), serde_json::json!(86_399), Some(86_399)),
        (World::jwt(), serde_json::json!(86_399_992), Some(86_399)),
        (World::oauth(), serde_json::json!(86_399_992), Some(86_400)),
        (World::oauth(), serde_json::json!(0), None),
        (World::oauth(), serde_json::json!(-1), None),
        (World::oauth(), serde_json::Value::Null, None),
        (World::oauth(), serde_json::json!("3599"), Some(3_599)),
    ] {
        world.emulator.fault(Fault::always(FaultKind::Life { expires_in: expires_in.clone() }));
        assert_eq!(world.acquire().unwrap().token.life, life, "{expires_in}");
    }
}

#[test]
fn a_life_counts_from_before_the_request() {
    let mut world = World::oauth();
    world.set("AEP_TIMEOUT", "1000");
    world.emulator.fault(Fault::times(1, FaultKind::respond_with(429, ("Retry-After", "500"), "")));
    let fetched = world.acquire().unwrap();
    assert_eq!(world.waited.get(), Duration::from_secs(500));
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!(fetched.token.fetched_at <= i64::try_from(now).unwrap(), "it was asked for 500 s before it came");
}

#[test]
fn a_life_that_is_not_told_is_not_cached() {
    let world = World::oauth();
    world.emulator.fault(Fault::always(FaultKind::Life { expires_in: serde_json::Value::Null }));
    assert_eq!(world.acquire().unwrap().source, Source::Ims);
    assert_eq!(world.acquire().unwrap().source, Source::Ims);
}

#[test]
fn refusals_carry_the_words_of_ims_and_a_cure() {
    /// Who asks, a variable and its wrong value, and what the refusal and its cure say.
    type Case = (fn() -> World, &'static str, &'static str, &'static str, &'static str);
    let cases: [Case; 5] = [
        (World::oauth, "AEP_CLIENT_SECRET", "wrong", "invalid client_secret parameter", "client secret is wrong"),
        (World::oauth, "AEP_CLIENT_ID", "0000", "invalid client_id parameter", "no credential"),
        (World::oauth, "AEP_SCOPES", "nonsense", "invalid_scope", "does not have these scopes"),
        (World::jwt, "AEP_META_SCOPES", "ent_user_sdk", "not a subset", "metascopes"),
        (World::jwt, "AEP_ORG_ID", "x@AdobeOrg", "bad_request", "@AdobeOrg"),
    ];
    for (world, variable, value, words, cure) in cases {
        let mut world = world();
        let refusal = world.set(variable, value).refusal();
        assert_eq!(refusal.exit_code(), 4, "{refusal}");
        assert!(refusal.message().contains(words) && refusal.message().contains("x-debug-id"), "{refusal}");
        assert!(refusal.hint().unwrap().contains(cure), "{:?}", refusal.hint());
        assert_eq!(world.emulator.token_requests(), 1, "a refusal is not repeated");
    }
}

#[test]
fn an_error_in_json_is_a_refusal_whatever_the_status() {
    for status in [200, 400, 401, 403] {
        let world = World::oauth();
        world.emulator.fault(Fault::always(FaultKind::respond(status, r#"{"error":"access_denied"}"#)));
        assert_eq!(world.refusal().exit_code(), 4, "{status}");
    }
}

#[test]
fn an_overloaded_server_is_asked_again() {
    for status in [429, 500, 502, 503] {
        let world = World::oauth();
        world.emulator.fault(Fault::times(3, FaultKind::respond(status, "")));
        assert_eq!(world.acquire().unwrap().source, Source::Ims, "{status}");
        let world = World::oauth();
        world.emulator.fault(Fault::always(FaultKind::respond(status, "")));
        assert_eq!(world.refusal().exit_code(), 5, "{status}");
        assert_eq!(world.emulator.token_requests(), 4, "{status}");
    }
}

#[test]
fn retry_after_is_honoured_or_given_up_at_once() {
    let world = World::oauth();
    world.emulator.fault(Fault::times(1, FaultKind::respond_with(429, ("Retry-After", "5"), "")));
    assert!(world.acquire().is_ok());
    assert_eq!(world.waited.get(), Duration::from_secs(5));

    let world = World::oauth();
    world.emulator.fault(Fault::always(FaultKind::respond_with(429, ("Retry-After", "2400"), "")));
    assert_eq!(world.refusal().exit_code(), 5);
    assert_eq!((world.emulator.token_requests(), world.waited.get()), (1, Duration::ZERO));
}

#[test]
fn each_pause_is_longer_than_the_one_before() {
    let world = World::oauth();
    world.emulator.fault(Fault::always(FaultKind::respond(503, "")));
    world.refusal();
    let pauses = world.pauses.borrow();
    assert_eq!(pauses.len(), 3);
    // Each has a part that is left to chance, from a half to the whole.
    for (pause, most) in pauses.iter().zip([250, 500, 1000]) {
        assert!((most / 2..=most).contains(&pause.as_millis()), "{pauses:?}");
    }
}

#[test]
fn a_migrated_service_account_is_asked_twice_and_told_the_cure() {
    let world = World::jwt();
    let body = r#"{"error":"internal_error","error_description":"Please try again later"}"#;
    world.emulator.fault(Fault::always(FaultKind::respond(500, body)));
    let refusal = world.refusal();
    assert_eq!((refusal.exit_code(), world.emulator.token_requests()), (4, 2));
    assert!(refusal.hint().unwrap().contains("migrated"));
}

#[test]
fn an_assertion_is_signed_once_more_by_the_servers_clock() {
    for error in [-86_400 * 3, -400, 86_400] {
        let mut world = World::jwt();
        world.clock_error = error;
        assert!(world.acquire().is_ok(), "{error}");
    }
}

#[test]
fn a_fault_of_the_signature_is_not_blamed_on_the_clock() {
    for (code, description, error, requests) in [
        ("invalid_token", "Could not match JWT signature to any of the bindings", -86_400, 1),
        ("invalid_token", "JWT could not be decoded", -86_400, 1),
        ("invalid_token", "wrong format", -86_400, 1),
        ("bad_request", "token is expired", -86_400, 1),
        ("invalid_token", "token is expired", 0, 1),
        ("invalid_token", "token is expired", -20, 1),
        ("invalid_token", "token is expired", -40, 2),
        ("invalid_token", "token is expired", 40, 2),
    ] {
        let mut world = World::jwt();
        world.clock_error = error;
        let body = serde_json::json!({"error": code, "error_description": description}).to_string();
        world.emulator.fault(Fault::always(FaultKind::respond(400, &body)));
        assert_eq!(world.refusal().exit_code(), 4);
        assert_eq!(world.emulator.token_requests(), requests, "{code}, {description}, {error} s");
    }
}

#[test]
fn what_is_no_answer_from_ims_is_named() {
    for (fault, words) in [
        (FaultKind::respond(200, "<html>sign in</html>"), "HTML page"),
        (FaultKind::respond(200, ""), "empty body"),
        (FaultKind::respond(200, "{}"), "without an access token"),
        (FaultKind::respond(200, "nonsense"), "not JSON"),
        (FaultKind::respond(200, r#"{"access_token":"a b","expires_in":60}"#), "no header may hold"),
        (FaultKind::respond(200, "{\"access_token\":\"a\\r\\nX: y\",\"expires_in\":60}"), "no header may hold"),
        (
            FaultKind::respond_with(302, ("Location", "https://login.example/?token=x"), ""),
            "redirect to https://login.example/,",
        ),
        (FaultKind::Cut, "127.0.0.1"),
        (FaultKind::CutBody, "127.0.0.1"),
        (FaultKind::Huge { mib: 3 }, "larger than 1 MiB"),
    ] {
        let world = World::oauth();
        world.emulator.fault(Fault::always(fault.clone()));
        let refusal = world.refusal();
        assert_eq!(refusal.exit_code(), 5, "{fault:?}: {refusal}");
        assert!(refusal.message().contains(words), "{fault:?}: {refusal}");
    }
}

#[test]
fn a_server_that_hangs_ends_with_the_budget() {
    let mut world = World::oauth();
    world.set("AEP_TIMEOUT", "0.2");
    for fault in [FaultKind::Hang, FaultKind::Drip { ms: 100 }] {
        world.emulator.clear_faults();
        world.emulator.fault(Fault::always(fault));
        let refusal = world.refusal();
        assert_eq!(refusal.exit_code(), 5);
        assert!(refusal.message().contains("did not answer in time"), "{refusal}");
    }
}

/// A profile with two client secrets: the first is in `OLD`, the second in `NEW`.
fn with_two_secrets(old: &str, new: Option<&str>) -> World {
    let mut world = World::oauth();
    let variable = |name: &str| world.variables.iter().find(|(own, _)| *own == name).unwrap().1.clone();
    let (client, secret) = (variable("AEP_CLIENT_ID"), variable("AEP_CLIENT_SECRET"));
    let profiles = world.home.path().join("config/profiles");
    std::fs::create_dir_all(&profiles).unwrap();
    let url = world.emulator.url();
    let text = format!(
        "client_id = \"{client}\"\nims_url = \"{url}\"\nclient_secrets = [{{ env = \"OLD\" }}, {{ env = \"NEW\" }}]\n"
    );
    std::fs::write(profiles.join("prod.toml"), text).unwrap();
    let new = new.map_or(secret, str::to_owned);
    world.variables = vec![("AEP_PROFILE", "prod".to_owned()), ("OLD", old.to_owned()), ("NEW", new)];
    world
}

#[test]
fn the_second_secret_serves_when_the_first_is_stale() {
    let world = with_two_secrets("gone", None);
    assert_eq!(world.acquire().unwrap().token.stale_secret, Some(1));
    assert_eq!(world.emulator.token_requests(), 2);
    let world = with_two_secrets("gone", Some("gone as well"));
    assert_eq!((world.refusal().exit_code(), world.emulator.token_requests()), (4, 2));
}

#[test]
fn the_second_secret_is_tried_on_invalid_client_alone() {
    for code in ["invalid_scope", "unauthorized_client", "invalid_request", "access_denied", "Invalid_Client"] {
        let world = with_two_secrets("gone", None);
        let body = format!("{{\"error\":\"{code}\"}}");
        world.emulator.fault(Fault::always(FaultKind::respond(400, &body)));
        assert_eq!((world.refusal().exit_code(), world.emulator.token_requests()), (4, 1), "{code}");
    }
    // Nor when IMS is out of reach.
    let world = with_two_secrets("gone", None);
    world.emulator.fault(Fault::always(FaultKind::respond(503, "")));
    assert_eq!((world.refusal().exit_code(), world.emulator.token_requests()), (5, 4));
}

#[test]
fn tls_is_checked_against_the_own_authority() {
    let emulator = Emulator::tls().unwrap();
    let mut world = World::oauth();
    world.variables = emulator.environment();
    let refusal = world.refusal();
    assert_eq!(refusal.exit_code(), 5);
    assert!(refusal.hint().unwrap().contains("AEP_CA_FILE"), "{refusal} {:?}", refusal.hint());
    let ca = world.home.path().join("ca.pem");
    std::fs::write(&ca, emulator.ca_pem().unwrap()).unwrap();
    world.set("AEP_CA_FILE", ca.to_str().unwrap());
    assert_eq!(world.acquire().unwrap().source, Source::Ims);
}

#[test]
fn a_server_that_asks_for_no_wait_or_for_one_that_is_past_is_spared_all_the_same() {
    let asked = |retry_after, retry_at| FaultKind::Refuse { status: 429, retry_after, retry_at };
    for (fault, least, most) in [
        (asked(Some(0), None), 125, 250),
        (asked(None, Some(-60)), 125, 250),
        // A second more or less, since the date has no fraction.
        (asked(None, Some(5)), 4000, 6000),
    ] {
        let world = World::oauth();
        world.emulator.fault(Fault::times(1, fault));
        assert!(world.acquire().is_ok());
        let pauses = world.pauses.borrow();
        assert!(pauses.len() == 1 && (least..=most).contains(&pauses[0].as_millis()), "{least}: {pauses:?}");
    }
}
