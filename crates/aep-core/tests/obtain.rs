//! The road to a token in memory: a clock that is moved by hand, and a fetch that counts.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use aep_core::profile::{Choice, resolve};
use aep_core::token::{
    AccessToken, Fetch, Fetched, Obtained, Order, Refuse, Source, State, Wish, cached, forget, obtain,
};
use aep_core::{Clock, Context, Environment, Error, Folders, Log, Profile, Result};

const NOON: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// A clock that stands until it is moved.
#[derive(Clone, Default)]
struct HandClock(Rc<Cell<i64>>);

impl Clock for HandClock {
    fn unix_millis(&self) -> i64 {
        self.0.get() * 1000
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    fn sleep(&self, _: Duration) {}
}

/// Gives numbered tokens, or fails.
#[derive(Default)]
struct Counting {
    life: Cell<Option<i64>>,
    failures: RefCell<VecDeque<Error>>,
    fetched: Cell<u32>,
    budgets: RefCell<Vec<Duration>>,
}

impl Fetch for Counting {
    fn fetch(&self, order: &Order<'_>) -> Result<Fetched> {
        self.fetched.set(self.fetched.get() + 1);
        self.budgets.borrow_mut().push(order.budget);
        if let Some(error) = self.failures.borrow_mut().pop_front() {
            return Err(error);
        }
        let value = AccessToken::parse(format!("token-{}", self.fetched.get())).unwrap();
        Ok(Fetched { value, life: self.life.get(), fetched_at: None, stale_secret: None, source: Source::Ims })
    }
}

struct World {
    context: Context,
    profile: Profile,
    clock: HandClock,
    source: Counting,
    _home: tempfile::TempDir,
}

impl World {
    fn with_life(life: Option<i64>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = HandClock::default();
        clock.0.set(NOON);
        let context = Context {
            environment: Environment::of([
                ("AEP_CLIENT_ID", "c"),
                ("AEP_CLIENT_SECRET", "s"),
                ("AEP_ORG_ID", "o@AdobeOrg"),
            ]),
            clock: Box::new(clock.clone()),
            folders: Folders::at(home.path().join("c"), home.path().join("d"), home.path().join("k")),
            log: Log::silent(),
        };
        let profile = resolve(&context, &Choice::default()).unwrap();
        let source = Counting::default();
        source.life.set(life);
        Self { context, profile, clock, source, _home: home }
    }

    fn at(&self, time: i64) -> &Self {
        self.clock.0.set(time);
        self
    }

    fn ask(&self, wish: &Wish) -> Result<Obtained> {
        obtain(&self.context, &self.profile, wish, &self.source)
    }

    /// The number of the token that is served now.
    fn number(&self) -> u32 {
        self.number_for(&Wish::default())
    }

    fn number_for(&self, wish: &Wish) -> u32 {
        let obtained = self.ask(wish).unwrap();
        obtained.token.value.expose().strip_prefix("token-").unwrap().parse().unwrap()
    }
}

fn min_valid(seconds: i64) -> Wish {
    Wish { min_valid: seconds, ..Wish::default() }
}

#[test]
fn a_steady_clock_does_no_harm_however_wrong_it_is() {
    for error in [0, -10 * DAY, 10 * DAY, -NOON, 100 * 365 * DAY] {
        let world = World::with_life(Some(DAY));
        let noon = NOON + error;
        assert_eq!(world.at(noon).number(), 1);
        assert_eq!(world.at(noon + DAY - 301).number(), 1, "{error}");
        assert_eq!(world.at(noon + DAY).number(), 2, "{error}");
        assert_eq!(world.source.fetched.get(), 2);
    }
}

#[test]
fn a_clock_that_jumps_while_a_token_is_cached() {
    for (jump, number) in [(-30, 1), (-60, 1), (-61, 2), (-DAY, 2), (60, 1), (DAY - 301, 1), (DAY, 2), (30 * DAY, 2)] {
        let world = World::with_life(Some(DAY));
        world.number();
        assert_eq!(world.at(NOON + jump).number(), number, "{jump}");
    }
}

#[test]
fn a_machine_that_slept_past_the_end_fetches_anew() {
    // Time passes without a running clock; only the wall clock tells.
    let world = World::with_life(Some(3600));
    world.number();
    assert_eq!(world.at(NOON + 8 * 3600).number(), 2);
}

#[test]
fn lives_of_all_kinds() {
    for (life, kept_for) in [
        (Some(3600), Some(3600)),
        (Some(60), Some(60)),
        (Some(1), Some(1)),
        (Some(DAY), Some(DAY)),
        (Some(DAY * 1000), Some(DAY)),
        (Some(i64::MAX), Some(DAY)),
        (Some(0), None),
        (Some(-5), None),
        (Some(i64::MIN), None),
        (None, None),
    ] {
        let world = World::with_life(life);
        let obtained = world.ask(&Wish::default()).unwrap();
        assert_eq!(obtained.token.expires_at(), kept_for.map(|life| NOON + life), "{life:?}");
        let stored = cached(&world.context, &world.profile).unwrap();
        assert_eq!(stored.map(|token| token.remaining(NOON)), kept_for, "{life:?}");
    }
}

#[test]
fn inside_the_margin_one_early_try_and_the_old_token_if_it_fails() {
    let world = World::with_life(Some(3600));
    world.number();
    assert_eq!(world.at(NOON + 3600 - 300).number(), 1);
    world.source.failures.borrow_mut().push_back(Error::unreachable("down"));
    assert_eq!(world.at(NOON + 3600 - 299).number(), 1);
    assert_eq!(world.source.fetched.get(), 2);
    assert!(world.source.budgets.borrow()[1] <= Duration::from_secs(3), "nobody is kept waiting");
    assert_eq!(world.number(), 3);
}

#[test]
fn a_short_life_has_a_margin_of_a_tenth() {
    let world = World::with_life(Some(60));
    world.number();
    assert_eq!(world.at(NOON + 54).number(), 1);
    assert_eq!(world.at(NOON + 55).number(), 2);
}

#[test]
fn an_expired_token_is_never_served() {
    let world = World::with_life(Some(60));
    world.number();
    world.source.failures.borrow_mut().push_back(Error::refused("no"));
    assert!(world.at(NOON + 60).ask(&Wish::default()).is_err());
    assert_eq!(world.number(), 3);
}

#[test]
fn wishes() {
    let world = World::with_life(Some(3600));
    world.number();
    assert_eq!(world.number_for(&min_valid(3600)), 1);
    // A fresh one is served even if it is shorter.
    assert_eq!(world.number_for(&min_valid(3601)), 2);
    assert_eq!(world.number_for(&Wish { refuse: Refuse::Cached, ..Wish::default() }), 3);
    let other = AccessToken::parse("other".to_owned()).unwrap();
    assert_eq!(world.number_for(&Wish { refuse: Refuse::This(other), ..Wish::default() }), 3);
    let this = AccessToken::parse("token-3".to_owned()).unwrap();
    assert_eq!(world.number_for(&Wish { refuse: Refuse::This(this), ..Wish::default() }), 4);
}

#[test]
fn inside_the_margin_a_wish_that_it_cannot_meet_is_a_miss() {
    let world = World::with_life(Some(3600));
    world.number();
    world.at(NOON + 3600 - 200);
    world.source.failures.borrow_mut().push_back(Error::unreachable("down"));
    assert!(world.ask(&min_valid(250)).is_err());
    assert_eq!(world.number_for(&min_valid(100)), 3);
}

#[test]
fn a_token_that_was_fetched_elsewhere_keeps_its_own_time() {
    struct Elsewhere;
    impl Fetch for Elsewhere {
        fn fetch(&self, _: &Order<'_>) -> Result<Fetched> {
            let value = AccessToken::parse("shared".to_owned()).unwrap();
            let fetched_at = Some(NOON - 3500);
            Ok(Fetched { value, life: Some(3600), fetched_at, stale_secret: None, source: Source::Shared })
        }
    }
    let world = World::with_life(None);
    let obtained = obtain(&world.context, &world.profile, &Wish::default(), &Elsewhere).unwrap();
    assert_eq!((obtained.token.remaining(NOON), obtained.token.state(NOON)), (100, State::Expiring));
}

#[test]
fn forget_takes_the_one_that_is_meant() {
    let world = World::with_life(Some(3600));
    world.number();
    let other = AccessToken::parse("other".to_owned()).unwrap();
    assert!(!forget(&world.context, &world.profile, Some(&other)).unwrap());
    assert_eq!(world.number(), 1);
    let this = AccessToken::parse("token-1".to_owned()).unwrap();
    assert!(forget(&world.context, &world.profile, Some(&this)).unwrap());
    assert!(!forget(&world.context, &world.profile, None).unwrap());
    assert_eq!(world.number(), 2);
}
