//! A gateway that is killed while its policy is changed, again and again on the same files.
//!
//! `CRASH_ROUNDS` says how often (`scripts/crash-store` has it done 200 times), `CRASH_SEED` makes the same choices again; when
//! exactly the kill arrives is the machine's own. SIGKILL ends the process and not the machine: what the kernel was given stays.

use std::fs::File;
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::site::admin::{FINGERPRINT, PARTNERS, SECRET, SECURITY_READER};
use crate::site::{AUDIENCE, Site, Stage, everyone, nobody};
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::programs::{self, wait_up_to};
use serde_json::{Map, Value, json};
use ureq::Agent;

const CLIENTS: usize = 4;
const PARTNERS_OF_A_CLIENT: usize = 6;
/// So many partners' guests knock after a restart, beside those of the changes nobody was told of.
const GUESTS: usize = 4;

const INBOUND: &str = "b2bCollaborationInbound";
/// What the clients write. The members behind the first carry the number of their change, so that a half would show.
const MEMBERS: [&str; 4] = [
    INBOUND,
    "b2bCollaborationOutbound",
    "b2bDirectConnectOutbound",
    "inboundTrust",
];

#[test]
fn every_acknowledged_change_is_there_whole_and_in_force_after_a_kill() {
    let rounds = number("CRASH_ROUNDS").unwrap_or(20);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("CRASH_SEED").unwrap_or_else(|| u64::try_from(now.as_millis()).unwrap());
    println!("CRASH_SEED={seed} CRASH_ROUNDS={rounds}");
    let mut random = Random(seed);
    let began = Instant::now();

    let mut place = Place::open(&mut random);
    let mut partners: Vec<Vec<Partner>> = (0..CLIENTS).map(Partner::all_of).collect();
    let mut noted = place.verify(None);
    let mut total = Total::default();
    for round in 1..=rounds {
        let what = format!("round {round} of CRASH_SEED={seed}");
        let wrote = place.write_until_killed(&mut partners, &mut random, &what);
        if random.below(2) == 0 {
            // What a crash left is in order as it lies there.
            place.verify(Some(&noted));
        }
        if random.below(4) == 0 {
            place.kill_while_it_starts(&mut random);
            total.killed_starts += 1;
        }
        place.start(&what);
        let applied = place.compare(&mut partners, &wrote, &what);
        let acknowledged: u64 = wrote.iter().map(|client| client.acknowledged).sum();
        let now = place.verify(Some(&noted));
        assert_eq!(
            now.sequence - noted.sequence,
            acknowledged + applied,
            "{what}: every change has its audit record, and no record is of no change"
        );
        noted = now;
        place.knock(&partners, &wrote, &mut random, &what);
        total.acknowledged += acknowledged;
        total.cut += wrote
            .iter()
            .filter(|client| client.in_flight.is_some())
            .count();
        total.applied += applied;
    }
    assert!(
        total.acknowledged > rounds,
        "hardly anything was written: {total:?}"
    );
    println!(
        "CRASH_SEED={seed}: {rounds} rounds in {:.1} s, {total:?}",
        began.elapsed().as_secs_f64()
    );
}

/// What was written in all rounds.
#[derive(Debug, Default)]
struct Total {
    acknowledged: u64,
    /// Changes that the kill cut off, and how many of them are in the store.
    cut: usize,
    applied: u64,
    killed_starts: u64,
}

/// A partner, and what was acknowledged last about it.
#[derive(Clone, Debug)]
struct Partner {
    tenant: String,
    document: Option<Map<String, Value>>,
}

impl Partner {
    fn all_of(client: usize) -> Vec<Self> {
        (0..PARTNERS_OF_A_CLIENT)
            .map(|index| Self {
                tenant: format!("c0de{client:04x}-0000-4000-8000-{index:012x}"),
                document: None,
            })
            .collect()
    }

    fn path(&self) -> String {
        format!("{PARTNERS}/{}", self.tenant)
    }

    fn admits_guests(&self) -> bool {
        let setting = self.document.as_ref().map(|document| &document[INBOUND]);
        setting.is_none_or(|setting| *setting == everyone())
    }

    /// A change that changes something.
    fn next(&self, random: &mut Random) -> Change {
        let inbound = if self.admits_guests() {
            nobody()
        } else {
            everyone()
        };
        if self.document.is_none() {
            return Change::Create(marked(inbound, random));
        }
        match random.below(8) {
            0 => Change::Remove,
            1..=3 => Change::Update(Map::from_iter([(INBOUND.to_owned(), inbound)])),
            _ => Change::Update(marked(inbound, random)),
        }
    }

    /// What it is after a change.
    fn after(&self, change: &Change) -> Option<Map<String, Value>> {
        let (mut document, written) = match change {
            Change::Create(written) => (Map::new(), written),
            Change::Update(written) => (self.document.clone().unwrap(), written),
            Change::Remove => return None,
        };
        document.extend(written.clone());
        document.retain(|_, value| !value.is_null());
        Some(document)
    }
}

#[derive(Debug)]
enum Change {
    Create(Map<String, Value>),
    Update(Map<String, Value>),
    Remove,
}

/// Every member, with a mark that no other change has.
fn marked(inbound: Value, random: &mut Random) -> Map<String, Value> {
    let mark = random.next();
    let user = format!(
        "{:08x}-0000-4000-8000-{:012x}",
        mark >> 48,
        mark << 16 >> 16
    );
    let outbound = json!({
        "usersAndGroups": { "accessType": "allowed", "targets": [{ "target": user, "targetType": "user" }] },
        "applications": { "accessType": "allowed", "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    });
    let trust = json!({
        "isMfaAccepted": mark & 1 == 1,
        "isCompliantDeviceAccepted": mark & 2 == 2,
        "isHybridAzureADJoinedDeviceAccepted": mark & 4 == 4,
    });
    // What is null is inherited, and not there.
    let trust = if mark & 24 == 0 { Value::Null } else { trust };
    let values = [inbound, outbound.clone(), outbound, trust];
    MEMBERS.map(str::to_owned).into_iter().zip(values).collect()
}

/// What a client did until the gateway was gone.
#[derive(Debug)]
struct Wrote {
    acknowledged: u64,
    in_flight: Option<InFlight>,
}

/// A change that was sent and not answered.
#[derive(Debug)]
struct InFlight {
    partner: usize,
    change: Change,
}

/// The files and addresses of a gateway whose processes come and go.
struct Place {
    site: Site,
    gateway: Option<Child>,
}

impl Place {
    fn open(random: &mut Random) -> Self {
        let stage = Stage::new().with_store();
        std::fs::write(stage.directory().join("break-glass"), FINGERPRINT).unwrap();
        let known: String = (0..CLIENTS)
            .flat_map(Partner::all_of)
            .map(|Partner { tenant, .. }| {
                format!("[[partner]]\ntenant = \"{tenant}\"\ncloud = \"global\"\n")
            })
            .collect();
        let site = stage
            .section("admin", "break_glass_file = \"break-glass\"")
            .entries(&known)
            .open_unready();
        let mut place = Self {
            site,
            gateway: None,
        };
        // The store is being made, or about to be.
        std::thread::sleep(Duration::from_millis(random.below(150)));
        let id = rustix::process::Pid::from_raw(i32::try_from(place.site.gateway.id()).unwrap());
        rustix::process::kill_process(id.unwrap(), rustix::process::Signal::KILL).unwrap();
        let _ = place.site.gateway.wait();
        place.start("the first start");
        place
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crossgate"));
        command
            .args(arguments)
            .args(["--config", "crossgate.toml"])
            .current_dir(self.site.gateway.directory());
        command
    }

    fn spawn(&mut self) -> &mut Child {
        let log = self.site.gateway.directory().join("crossgate.log");
        let log = File::options().append(true).open(log).unwrap();
        let child = self
            .command(&["run"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.gateway.insert(child.unwrap())
    }

    #[track_caller]
    fn start(&mut self, what: &str) {
        self.spawn();
        let Self { site, gateway, .. } = self;
        let child = gateway.as_mut().unwrap();
        let ready = wait_up_to(Duration::from_secs(30), || {
            let ended = child.try_wait().unwrap();
            let ready = site.gateway.operation("/readyz");
            let ready = ready.is_some_and(|(status, _)| status == 200);
            (ready || ended.is_some()).then_some((ready, ended))
        });
        assert_eq!(ready, Some((true, None)), "{what}: {}", self.last_words());
        for door in [self.site.gateway.admin(), self.site.gateway.proxy()] {
            assert!(
                TcpStream::connect(door).is_ok(),
                "{what}: ready, and {door} is shut"
            );
        }
    }

    fn last_words(&self) -> String {
        let log = self.site.gateway.log();
        let lines: Vec<&str> = log.lines().rev().take(30).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn kill(&mut self, what: &str) {
        let mut child = self.gateway.take().unwrap();
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(
            status.signal(),
            Some(9),
            "{what}: it ended by itself, {status}\n{}",
            self.last_words()
        );
    }

    fn kill_while_it_starts(&mut self, random: &mut Random) {
        self.spawn();
        std::thread::sleep(Duration::from_millis(random.below(150)));
        self.kill("at its start");
    }

    /// Every client writes until nobody answers.
    fn write_until_killed(
        &mut self,
        partners: &mut [Vec<Partner>],
        random: &mut Random,
        what: &str,
    ) -> Vec<Wrote> {
        let api = format!("http://{}/v1.0", self.site.gateway.admin());
        let length = Duration::from_millis(100 + random.below(400));
        std::thread::scope(|scope| {
            let clients: Vec<_> = partners
                .iter_mut()
                .map(|own| {
                    let (api, random) = (&api, Random(random.next()));
                    scope.spawn(move || write(api, own, random))
                })
                .collect();
            std::thread::sleep(length);
            self.kill(what);
            clients
                .into_iter()
                .map(|client| match client.join() {
                    Ok(wrote) => wrote,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        })
    }

    /// Whether the API shows what was acknowledged. Answers how many of the changes that were not are there.
    #[track_caller]
    fn compare(&self, partners: &mut [Vec<Partner>], wrote: &[Wrote], what: &str) -> u64 {
        // Reading with the secret would be recorded.
        let reader = self.site.administrator(SECURITY_READER);
        let agent = agent();
        let get = |path: &str| self.get(&agent, &reader, path);
        let (status, list) = get(PARTNERS);
        assert_eq!((status, &list["@odata.nextLink"]), (200, &Value::Null));
        let list = list["value"].as_array().unwrap();
        let (mut applied, mut there) = (0, 0);
        for (own, wrote) in partners.iter_mut().zip(wrote) {
            for (index, partner) in own.iter_mut().enumerate() {
                let (status, shown) = get(&partner.path());
                let seen = match status {
                    200 => Some(written(&shown)),
                    404 => None,
                    _ => panic!("{what}: {status} {shown}"),
                };
                let listed = list.iter().find(|item| item["tenantId"] == partner.tenant);
                assert_eq!(listed.map(written), seen, "{what}: the list");
                there += usize::from(seen.is_some());
                let in_flight = wrote.in_flight.as_ref();
                let in_flight = in_flight.filter(|in_flight| in_flight.partner == index);
                let after = in_flight.map(|in_flight| partner.after(&in_flight.change));
                if after.as_ref() == Some(&seen) {
                    partner.document = seen;
                    applied += 1;
                    continue;
                }
                assert_eq!(
                    seen, partner.document,
                    "{what}: {} is not as it was acknowledged, nor as {in_flight:?} would have it",
                    partner.tenant
                );
            }
        }
        assert_eq!(list.len(), there, "{what}: partners nobody made: {list:?}");
        applied
    }

    fn get(&self, agent: &Agent, token: &str, path: &str) -> (u16, Value) {
        let url = format!("http://{}/v1.0/{path}", self.site.gateway.admin());
        let request = agent
            .get(url)
            .header("Authorization", format!("Bearer {token}"));
        let mut answer = request
            .call()
            .unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.last_words()));
        let text = answer.body_mut().read_to_string().unwrap();
        let document = serde_json::from_str(&text);
        (
            answer.status().as_u16(),
            document.unwrap_or_else(|error| panic!("{error} in {text}")),
        )
    }

    /// Whether `crossgate audit verify` finds all in order, and the place it prints.
    #[track_caller]
    fn verify(&self, noted: Option<&Noted>) -> Noted {
        let mut command = self.command(&["audit", "verify"]);
        if let Some(noted) = noted {
            command.args(["--noted", &noted.text]);
        }
        let output = programs::run(&mut command, b"");
        let said = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}\n{complaint}");
        let text = said.trim_end().rsplit(' ').next().unwrap().to_owned();
        let sequence = text.split('-').next().unwrap().parse();
        let sequence = sequence.unwrap_or_else(|error| panic!("{error} in {said}"));
        Noted { sequence, text }
    }

    /// Whether guests are let in as the store says.
    #[track_caller]
    fn knock(&self, partners: &[Vec<Partner>], wrote: &[Wrote], random: &mut Random, what: &str) {
        let cut_off = partners.iter().zip(wrote).filter_map(|(own, wrote)| {
            let in_flight = wrote.in_flight.as_ref()?;
            Some(&own[in_flight.partner])
        });
        let all: Vec<&Partner> = partners.iter().flatten().collect();
        let some = (0..GUESTS).map(|_| all[random.index(all.len())]);
        for partner in cut_off.chain(some) {
            let guest = self.site.mint.token("b2b-guest").issued_by(OWN_TENANT);
            let guest = guest.home(&partner.tenant).audience(AUDIENCE).mint();
            let answer = self.site.payroll("/").bearer(&guest).send();
            let expected = if partner.admits_guests() { 200 } else { 403 };
            assert_eq!(
                answer.status,
                expected,
                "{what}: a guest of {partner:?}\n{}",
                answer.text()
            );
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(mut child) = self.gateway.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A place of the audit's chain.
struct Noted {
    sequence: u64,
    text: String,
}

/// Of what the API shows, what the clients write.
fn written(shown: &Value) -> Map<String, Value> {
    MEMBERS
        .iter()
        .map(|&member| (member.to_owned(), shown[member].clone()))
        .filter(|(_, value)| !value.is_null())
        .collect()
}

/// A client with one connection, which changes its partners until nobody answers.
fn write(api: &str, partners: &mut [Partner], mut random: Random) -> Wrote {
    let agent = agent();
    let mut acknowledged = 0;
    loop {
        let index = random.index(partners.len());
        let partner = &mut partners[index];
        let change = partner.next(&mut random);
        if !send(&agent, api, partner, &change) {
            let in_flight = Some(InFlight {
                partner: index,
                change,
            });
            return Wrote {
                acknowledged,
                in_flight,
            };
        }
        partner.document = partner.after(&change);
        acknowledged += 1;
    }
}

/// Whether a change was acknowledged; what is neither that nor silence is a fault.
fn send(agent: &Agent, api: &str, partner: &Partner, change: &Change) -> bool {
    let bearer = format!("Bearer {SECRET}");
    let one = format!("{api}/{}", partner.path());
    let (request, body, good) = match change {
        Change::Create(members) => {
            let mut body = members.clone();
            body.insert("tenantId".to_owned(), json!(partner.tenant));
            (agent.post(format!("{api}/{PARTNERS}")), body, 201)
        }
        Change::Update(members) => (agent.patch(&one), members.clone(), 204),
        Change::Remove => (agent.delete(&one).force_send_body(), Map::new(), 204),
    };
    let request = request
        .header("Authorization", &bearer)
        .header("Content-Type", "application/json")
        .header("Crossgate-Confirm-Lock-Out", "true");
    let answer = match change {
        Change::Remove => request.send_empty(),
        Change::Create(_) | Change::Update(_) => request.send(Value::from(body).to_string()),
    };
    match answer {
        Ok(mut answer) => {
            let status = answer.status().as_u16();
            // Read to its end, the connection serves the next change.
            let said = answer.body_mut().read_to_string();
            assert_eq!(status, good, "{partner:?} {change:?}\n{said:?}");
            true
        }
        Err(ureq::Error::Timeout(which)) => panic!("no answer, and no end: {which}"),
        Err(_) => false,
    }
}

/// A client that keeps its connection.
fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into()
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text}")))
}

/// `SplitMix64`: the same choices from the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }
}
