//! Who runs when: short requests at once, long ones in turn, and never more than the host allows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use filedex::{
    AdmissionOptions, Answer, Call, Directory, EndpointOptions, Endpoints, File, Filedex,
    MemoryDirectory, Reply, Room, RoomKind, Step, User, Visibility,
};
use http::{Request, Response};

/// Takes longer than the allowance, and then as long as the directory takes to tell the owner of a file:
/// until the gate opens.
const LONG: &str = "count=1&sort=%7B%22userId%22%3A-1%7D&query=\
%7B%22%24expr%22%3A%7B%22%24gte%22%3A%5B%7B%22%24reduce%22%3A%7B%22input%22%3A%7B%22%24ran\
ge%22%3A%5B0%2C500%5D%7D%2C%22initialValue%22%3A%7B%22%24strLenCP%22%3A%22%24_id%22%7D%2C%\
22in%22%3A%7B%22%24add%22%3A%5B%22%24%24value%22%2C%22%24%24this%22%5D%7D%7D%7D%2C0%5D%7D%\
7D";

/// In the order of the room: no record but the first is read.
const SHORT: &str = "count=1&sort=%7B%22uploadedAt%22%3A-1%7D";

/// A directory that tells no owner before its gate is opened for one.
struct Gated {
    inner: MemoryDirectory,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Gate {
    came: AtomicUsize,
    passes: AtomicUsize,
}

impl Gate {
    /// Until so many have come to the gate.
    fn wait_for(&self, came: usize) {
        until(|| self.came.load(Ordering::SeqCst) >= came);
    }

    /// Lets one more through.
    fn open(&self) {
        self.passes.fetch_add(1, Ordering::SeqCst);
    }

    fn pass(&self) {
        let turn = self.came.fetch_add(1, Ordering::SeqCst);
        until(|| self.passes.load(Ordering::SeqCst) > turn);
    }
}

fn until(holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "it never comes to that");
        thread::sleep(Duration::from_millis(1));
    }
}

impl Directory for Gated {
    fn authenticate(&self, id: &str, token: &str) -> Answer<Option<User>> {
        self.inner.authenticate(id, token)
    }
    fn authenticate_token(&self, token: &str) -> Answer<Option<User>> {
        self.inner.authenticate_token(token)
    }
    fn user(&self, id: &str) -> Answer<Option<User>> {
        self.inner.user(id)
    }
    fn find_user(&self, key: &str) -> Answer<Option<User>> {
        self.inner.find_user(key)
    }
    fn users(&self, ids: &[&str]) -> Answer<HashMap<String, User>> {
        self.gate.pass();
        self.inner.users(ids)
    }
    fn room(&self, id: &str) -> Answer<Option<Room>> {
        self.inner.room(id)
    }
    fn room_by_name(&self, name: &str) -> Answer<Option<Room>> {
        self.inner.room_by_name(name)
    }
    fn direct_room(&self, one: &str, other: &str) -> Answer<Option<Room>> {
        self.inner.direct_room(one, other)
    }
    fn may_access(&self, user: &User, room: &Room) -> Answer<bool> {
        self.inner.may_access(user, room)
    }
}

/// A host with one slow place, and the gate of its directory.
fn host(change: impl FnOnce(&mut AdmissionOptions)) -> (Endpoints, Arc<Gate>) {
    let index = Filedex::temporary().unwrap();
    let files = (0..1_000).map(|n| File::new(format!("f{n:03}")).unwrap().with_room("R"));
    index.put_many(files).unwrap();
    index.put(&File::new("a").unwrap().with_room("R").with_user("ada")).unwrap();
    let (mut inner, gate) = (MemoryDirectory::new(), Arc::new(Gate::default()));
    for id in ["ada", "ben", "cyd"] {
        inner.add_user(User::new(id, id));
        inner.add_token(id, "token");
    }
    inner.add_room(Room::new("R", RoomKind::Group).named("room"), ["ada", "ben", "cyd"]);
    let mut options = EndpointOptions::default();
    options.visibility = Visibility::EVERYTHING;
    options.admission.slow = NonZeroUsize::MIN;
    options.admission.quick_of_one = NonZeroUsize::MIN;
    options.admission.patience = Duration::from_secs(60);
    change(&mut options.admission);
    let directory = Gated { inner, gate: Arc::clone(&gate) };
    (Endpoints::with_options(index, directory, options), gate)
}

fn request(caller: &str, parameters: &str) -> Request<&'static str> {
    Request::get(format!("/api/v1/groups.files?roomId=R&{parameters}"))
        .header("X-User-Id", caller)
        .header("X-Auth-Token", "token")
        .body("")
        .unwrap()
}

type Running = thread::JoinHandle<Response<Vec<u8>>>;

/// Asks on a thread of its own.
fn start(endpoints: &Endpoints, caller: &'static str, parameters: &'static str) -> Running {
    let endpoints = endpoints.clone();
    thread::spawn(move || endpoints.handle(request(caller, parameters)))
}

/// Asks for what takes long, and is at the gate, in the slow place, when this returns.
fn occupy(endpoints: &Endpoints, gate: &Gate) -> Running {
    let running = start(endpoints, "ada", LONG);
    gate.wait_for(1);
    running
}

fn status(running: Running) -> u16 {
    running.join().unwrap().status().as_u16()
}

fn begin(endpoints: &Endpoints, caller: &str, parameters: &str) -> Step {
    endpoints.begin(request(caller, parameters), &Call::default())
}

fn done(step: Step) -> Response<Reply> {
    match step {
        Step::Done(response) => response,
        Step::Waits(waiting) => panic!("{waiting:?}"),
    }
}

/// Asks for what takes no time, and gets it at once; anew where the machine did something else meanwhile.
fn short(endpoints: &Endpoints, caller: &str) -> Response<Reply> {
    let asked = (0..10).map(|_| begin(endpoints, caller, SHORT));
    let at_once = |step| if let Step::Done(response) = step { Some(response) } else { None };
    asked.filter_map(at_once).next().expect("an answer at once")
}

#[test]
fn a_short_request_runs_at_once_beside_long_ones() {
    let (endpoints, gate) = host(|options| options.allowance = Duration::from_millis(50));
    let long = occupy(&endpoints, &gate);
    let waiting: Vec<Step> = (0..8).map(|_| begin(&endpoints, "ada", LONG)).collect();
    assert!(waiting.iter().all(|step| matches!(step, Step::Waits(_))), "{waiting:?}");
    for _ in 0..50 {
        assert_eq!(short(&endpoints, "ben").status(), 200);
    }
    gate.open();
    assert_eq!(status(long), 200);
}

#[test]
fn a_long_request_gets_the_same_answer_as_if_it_had_run_at_once() {
    let answer = |allowance| {
        let (endpoints, gate) = host(|options| options.allowance = allowance);
        gate.open();
        endpoints.handle(request("ada", LONG))
    };
    let (patient, again) = (answer(Duration::from_secs(60)), answer(Duration::ZERO));
    assert_eq!(patient.status(), 200);
    assert_eq!((patient.status(), patient.body()), (again.status(), again.body()));
}

#[test]
fn who_waits_gets_his_turn_before_who_asked_much() {
    let (endpoints, gate) = host(|options| options.allowance = Duration::ZERO);
    let first = occupy(&endpoints, &gate);
    let of_ada: Vec<Step> = (0..4).map(|_| begin(&endpoints, "ada", LONG)).collect();
    let Step::Waits(of_ben) = begin(&endpoints, "ben", SHORT) else { panic!("a free place") };
    gate.open();
    assert_eq!(status(first), 200);
    // One of ada's had come before; then it is ben's turn.
    let mut of_ada = of_ada.into_iter();
    drop(of_ada.next());
    assert_eq!(done(of_ben.wait()).status(), 200);
    assert!(of_ada.all(|step| matches!(step, Step::Waits(_))));
}

#[test]
fn a_queue_that_is_full_refuses_with_the_time_to_come_again() {
    type Change = fn(&mut AdmissionOptions);
    let cases: [(Change, bool); 2] =
        [(|options| options.waiting = 2, true), (|options| options.waiting_of_one = 2, false)];
    for (change, is_full_for_all) in cases {
        let (endpoints, gate) = host(|options| {
            options.allowance = Duration::from_millis(50);
            change(options);
        });
        let running = occupy(&endpoints, &gate);
        let mut waiting: Vec<Step> = (0..2).map(|_| begin(&endpoints, "ben", LONG)).collect();
        assert!(waiting.iter().all(|step| matches!(step, Step::Waits(_))), "{waiting:?}");
        let refused = done(begin(&endpoints, "ben", LONG));
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "1");
        let body = r#"{"success":false,"error":"Service Unavailable"}"#;
        assert_eq!(refused.body().as_ref(), body.as_bytes());
        // Who needs no slow place is not refused, whoever waits for one.
        assert_eq!(short(&endpoints, "cyd").status(), 200);
        let other = begin(&endpoints, "cyd", LONG);
        assert_eq!(matches!(other, Step::Done(_)), is_full_for_all, "{other:?}");
        drop(other);
        // A place in the queue that is given up is free again.
        waiting.pop();
        let again = begin(&endpoints, "ben", LONG);
        assert!(matches!(again, Step::Waits(_)), "{again:?}");
        gate.open();
        assert_eq!(status(running), 200);
    }
}

#[test]
fn who_waits_too_long_is_refused_and_who_gives_up_is_not_waited_for() {
    let patience = Duration::from_millis(50);
    let (endpoints, gate) = host(|options| {
        options.allowance = Duration::ZERO;
        options.patience = patience;
    });
    let running = occupy(&endpoints, &gate);
    let started = Instant::now();
    assert_eq!(endpoints.handle(request("ben", SHORT)).status(), 503);
    assert!(started.elapsed() >= patience);
    let call = Call::default();
    call.cancel.cancel();
    assert_eq!(endpoints.handle_call(request("ben", SHORT), &call).status(), 503);
    gate.open();
    assert_eq!(status(running), 200);
}

#[test]
fn who_waits_holds_no_lock_of_the_store() {
    let (endpoints, gate) = host(|options| options.allowance = Duration::ZERO);
    let running = occupy(&endpoints, &gate);
    let waiting = begin(&endpoints, "ben", SHORT);
    assert!(matches!(waiting, Step::Waits(_)));
    endpoints.index().put(&File::new("new").unwrap()).unwrap();
    gate.open();
    assert_eq!(status(running), 200);
}

#[test]
fn a_deadline_ends_a_call() {
    let (endpoints, _) = host(|_| {});
    let late = Call::default().within(Duration::ZERO);
    let response = endpoints.handle_call(request("ada", LONG), &late);
    assert_eq!(response.status(), 400);
    assert!(String::from_utf8_lossy(response.body()).contains("limit `time` passed"));
    let params = filedex::FilesParams::of("R").count(1);
    let typed = endpoints.during(&late).groups_files(&User::new("ada", "ada"), &params);
    assert_eq!(typed.unwrap_err().status(), 400);
}

#[test]
fn replies_that_nobody_reads_are_bounded() {
    let (endpoints, gate) = host(|options| {
        options.allowance = Duration::from_secs(60);
        options.replies = 65_000;
        options.replies_to_one = 40_000;
    });
    (0..9).for_each(|_| gate.open());
    let page = |caller| done(begin(&endpoints, caller, "count=0"));
    let first = page("ada");
    let bytes = first.body().as_ref().len();
    assert!(first.status() == 200 && (22_000..32_000).contains(&bytes), "{bytes}");
    let second = page("ben");
    assert_eq!(second.status(), 200);
    // One of cyd's is past the bound of all, another of ada's past hers too.
    let third = page("cyd");
    assert_eq!((third.status().as_u16(), page("ada").status().as_u16()), (503, 503));
    assert_eq!(done(begin(&endpoints, "cyd", SHORT)).status(), 200);
    drop(first);
    assert_eq!(page("cyd").status(), 200);
}

#[cfg(feature = "tokio")]
#[test]
fn a_future_that_is_dropped_ends_its_call_and_leaves_its_place() {
    [false, true].into_iter().for_each(dropped);
}

/// With short requests answered where they are polled, or not: long ones never are.
#[cfg(feature = "tokio")]
fn dropped(in_place: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (endpoints, gate) = host(|options| {
        options.allowance = Duration::ZERO;
        options.in_place = in_place;
    });
    runtime.block_on(async {
        assert_eq!(endpoints.answer(request("ada", SHORT)).await.status(), 200);
        let running = tokio::spawn({
            let endpoints = endpoints.clone();
            async move { endpoints.answer(request("ada", LONG)).await }
        });
        while gate.came.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let call = Call::default();
        let waits = endpoints.answer_call(request("ben", SHORT), call.clone());
        assert!(tokio::time::timeout(Duration::from_millis(50), waits).await.is_err());
        assert!(call.cancel.is_cancelled());
        gate.open();
        assert_eq!(running.await.unwrap().status(), 200);
        assert_eq!(endpoints.answer(request("cyd", SHORT)).await.status(), 200);
    });
}
