//! The slow proofs, with their figures. `make proof` runs them all.

use anyhow::Result;
use challengectl_e2e::air::{attacks, load as air_load, stops as air_stops};
use challengectl_e2e::busy_host;
use challengectl_e2e::containers::Kind as Engine;
use challengectl_e2e::deployments;
use challengectl_e2e::faults::{self, Kind, Settings};
use challengectl_e2e::load::Load;
use challengectl_e2e::receivers::Teletype;
use challengectl_e2e::sessions::{self, Victim};
use challengectl_e2e::stops::Reason;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    proof: Proof,
}

#[derive(Subcommand)]
enum Proof {
    /// Random faults: processes killed, frozen and doubled, requests delayed, repeated and lost, clocks set, emergency
    /// stops. Nothing may be lost, stuck or on air twice, and every stop must work within a second.
    Kills {
        #[arg(long, default_value_t = 50)]
        count: u32,
        /// The seed: the same seed gives the same faults; random by default.
        #[arg(long)]
        seed: Option<u64>,
        /// Kinds of faults; by default all.
        #[arg(long, value_delimiter = ',', num_args = 1..)]
        faults: Vec<Kind>,
    },
    /// Put a whole event on air, round after round, on one server and two runners of two radios each.
    Rounds {
        #[arg(long)]
        event: PathBuf,
        /// Folder of the event's files.
        #[arg(long)]
        base: Option<PathBuf>,
        #[arg(long, default_value_t = 8.0)]
        minutes: f64,
    },
    /// Transmit hours of audio to a radio that sends nothing; the memory must not grow.
    LongAudio {
        #[arg(long, default_value_t = 2.0)]
        hours: f64,
    },
    /// Load a server with thousands of simulated runners over HTTP.
    Load {
        #[arg(long, default_value_t = 10_000)]
        runners: u32,
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Transmissions in the database beforehand.
        #[arg(long, default_value_t = 0)]
        history: u64,
    },
    /// End a server in order under load; nothing that it has acknowledged may be lost.
    OrderlyEnd {
        #[arg(long, default_value_t = 500)]
        runners: u32,
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// Measure the time from an operator's trigger to the first sample of an idle radio.
    Trigger {
        #[arg(long, default_value_t = 100)]
        count: usize,
    },
    /// Measure the longest write transaction while a server deletes a million rows, serves 10,000 runners and is
    /// flooded.
    Transactions {
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
        #[arg(long, default_value_t = 10_000)]
        runners: u32,
        /// Time for which one runner floods the log.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// Time from an emergency stop and from other causes to the last sample of eight busy radios, which are simulated
    /// below SoapySDR. Needs a runner that is built with the feature `soapy`.
    Soapy {
        /// Of each cause.
        #[arg(long, default_value_t = 200)]
        count: usize,
        /// Only these causes.
        #[arg(long, value_delimiter = ',', num_args = 1..)]
        reasons: Vec<Reason>,
        /// Of each radio.
        #[arg(long, default_value_t = 2_000_000)]
        sample_rate: u32,
    },
    /// Serve the virtual air to programs over loopback, in real time; what it costs, and whether a block was late.
    Air {
        #[arg(long, default_value_t = 16)]
        receivers: usize,
        #[arg(long, default_value_t = 16)]
        transmissions: usize,
        /// Transmissions that nobody hears.
        #[arg(long, default_value_t = 0)]
        unheard: usize,
        #[arg(long, default_value_t = 30)]
        seconds: u64,
    },
    /// Time from an emergency stop and from other causes to the last sample that receivers hear of eight busy radios of the
    /// virtual air; and what a pause does.
    AirStops {
        /// Of each cause.
        #[arg(long, default_value_t = 200)]
        count: usize,
        /// Only these causes.
        #[arg(long, value_delimiter = ',', num_args = 1..)]
        reasons: Vec<Reason>,
    },
    /// Attack the receivers' side of an air that a runner serves: thousands of connections, floods, absurd commands. Prints
    /// what other receivers lose, and how emergency stops and leases fare.
    AirAttacks {
        /// To each of the three sockets.
        #[arg(long, default_value_t = 1000)]
        connections: usize,
        /// Connections that send floods of each kind.
        #[arg(long, default_value_t = 8)]
        floods: usize,
        #[arg(long, default_value_t = 30)]
        seconds: u64,
        /// Emergency stops without an attack, and under it.
        #[arg(long, default_value_t = 20)]
        stops: usize,
    },
    /// Start instances for many teams at once in a container engine, each team one more than it may have, and stop all at
    /// once. Needs root.
    InstancesAtOnce {
        #[arg(long)]
        engine: Engine,
        #[arg(long, default_value_t = 40)]
        teams: usize,
    },
    /// Keep eight radios busy, which are simulated below SoapySDR, and trigger an idle one, with nothing else and while
    /// instances start and stop beside them, on one server. Needs root, and a runner that is built with the feature
    /// `soapy`.
    BusyHost {
        #[arg(long)]
        engine: Engine,
        #[arg(long, default_value_t = 40)]
        teams: usize,
        /// Of each busy radio.
        #[arg(long, default_value_t = 2_000_000)]
        sample_rate: u32,
        /// Time with nothing else.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Kill the server, the runner and the container engine at random while teams start, solve and stop instances. Nothing
    /// may be orphaned, stuck, doubled or lost. Needs root.
    InstanceKills {
        #[arg(long)]
        engine: Engine,
        #[arg(long, default_value_t = 100)]
        count: u32,
        #[arg(long, default_value_t = 12)]
        teams: usize,
        /// What is killed; by default all.
        #[arg(long, value_delimiter = ',', num_args = 1..)]
        victims: Vec<Victim>,
        /// The seed: the same seed gives the same kills; random by default.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Measure starts of instances, each beside the same by the engine's own client; and starts from a warm pool. Needs
    /// root.
    InstanceStarts {
        #[arg(long)]
        engine: Engine,
        #[arg(long, default_value_t = 30)]
        pairs: usize,
        /// Starts from a pool.
        #[arg(long, default_value_t = 20)]
        warm: usize,
    },
    /// Measure what idle sessions of instances cost a server, and players who ask how theirs stand.
    InstanceLoad {
        #[arg(long, default_value_t = 10_000)]
        sessions: u32,
        #[arg(long, default_value_t = 1000)]
        players: u32,
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Start sessions with processes, kill the server and the runner at random while others come and go, and end all. Each has
    /// to live on with its own process. Needs root.
    Processes {
        #[arg(long, default_value_t = 200)]
        count: usize,
        #[arg(long, default_value_t = 100)]
        kills: usize,
        /// The seed: the same seed gives the same kills; random by default.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Deploy a challenge for many teams in a cluster, and delete it, with an API that is well and with one that fails. Or kill
    /// the server and the runner at random while challenges are deployed, stopped and deleted; or have the cluster away for
    /// a while, and then the runner. Needs root, and CLUSTER, the folder of a cluster by scripts/cluster.sh.
    Deployments {
        #[arg(long, default_value_t = 100)]
        teams: usize,
        /// How many of a thousand requests to the API fail in the second round.
        #[arg(long, default_value_t = 300)]
        failing: u32,
        /// Kill so often instead.
        #[arg(long, conflicts_with = "away")]
        kills: Option<u32>,
        /// The seed: the same seed gives the same kills; random by default.
        #[arg(long, requires = "kills")]
        seed: Option<u64>,
        /// Seconds of each absence instead.
        #[arg(long)]
        away: Option<u64>,
    },
    /// Read every payload of an event back from recordings, with noise and a frequency error.
    Listen {
        #[arg(long)]
        event: PathBuf,
        /// Folder of the event's files.
        #[arg(long)]
        base: Option<PathBuf>,
        /// Folder of SigMF recordings.
        #[arg(long)]
        recordings: PathBuf,
        /// Baud rate of the event's radio teletype.
        #[arg(long, default_value_t = 45.45)]
        baud: f64,
        #[arg(long, default_value_t = 2295.0)]
        mark: f64,
        #[arg(long, default_value_t = 2125.0)]
        space: f64,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().proof {
        Proof::Kills { count, seed, faults: kinds } => {
            let settings = Settings { count, seed: seed.unwrap_or_else(rand::random), kinds };
            println!("{:#?}", faults::survive(&settings).await?);
        }
        Proof::Rounds { event, base, minutes } => {
            let time = Duration::from_secs_f64(minutes * 60.0);
            let kept = challengectl_e2e::rounds::go_round(&event, base.as_deref(), time).await?;
            println!("kept in {}", kept.display());
        }
        Proof::LongAudio { hours } => {
            println!("{:#?}", challengectl_e2e::load::long_audio::transmit(Duration::from_secs_f64(hours * 3600.0))?);
        }
        Proof::Load { runners, seconds, history } => {
            let load = Load { runners, time: Duration::from_secs(seconds), history };
            println!("{:#?}", challengectl_e2e::load::measure(load).await?);
        }
        Proof::OrderlyEnd { runners, seconds } => {
            let time = Duration::from_secs(seconds);
            println!("{:#?}", challengectl_e2e::load::orderly_end::end_under_load(runners, time).await?);
        }
        Proof::Transactions { rows, runners, seconds } => {
            let flood = Duration::from_secs(seconds);
            println!("{:#?}", challengectl_e2e::load::transactions::measure(rows, runners, flood).await?);
        }
        Proof::Trigger { count } => println!("{:#?}", challengectl_e2e::trigger::measure(count).await?),
        Proof::Soapy { count, reasons, sample_rate } => {
            let reasons = if reasons.is_empty() { Reason::value_variants().to_vec() } else { reasons };
            println!("{:#?}", challengectl_e2e::soapy::measure(&reasons, count, sample_rate).await?);
        }
        Proof::Air { receivers, transmissions, unheard, seconds } => {
            let load = air_load::Load { receivers, transmissions, unheard, time: Duration::from_secs(seconds) };
            println!("{:#?}", air_load::measure(load)?);
        }
        Proof::AirStops { count, reasons } => {
            let all = reasons.is_empty();
            let reasons = if all { Reason::value_variants().to_vec() } else { reasons };
            println!("{:#?}", air_stops::measure(&reasons, count).await?);
            if all {
                println!("{:#?}", air_stops::pause().await?);
            }
        }
        Proof::AirAttacks { connections, floods, seconds, stops } => {
            let sizes = attacks::Sizes { connections, floods };
            println!("{:#?}", attacks::measure(sizes, Duration::from_secs(seconds), stops).await?);
        }
        Proof::InstancesAtOnce { engine, teams } => {
            println!("{:#?}", sessions::start_and_stop(engine, teams).await?);
        }
        Proof::BusyHost { engine, teams, sample_rate, seconds } => {
            let load = busy_host::Load { engine, teams, sample_rate, quiet: Duration::from_secs(seconds) };
            println!("{:#?}", busy_host::measure(load).await?);
        }
        Proof::InstanceKills { engine, count, teams, victims, seed } => {
            let seed = seed.unwrap_or_else(rand::random);
            let victims = if victims.is_empty() { Victim::value_variants().to_vec() } else { victims };
            let settings = sessions::Settings { kind: engine, count, teams, seed, victims };
            println!("{:#?}", sessions::survive(settings).await?);
        }
        Proof::InstanceStarts { engine, pairs, warm } => {
            println!("{:#?}", sessions::overhead::measure(engine, pairs)?);
            println!("warm: {:#?}", sessions::overhead::measure_warm(engine, warm)?);
        }
        Proof::InstanceLoad { sessions: count, players, seconds } => {
            let time = Duration::from_secs(seconds);
            println!("{:#?}", sessions::load::measure(sessions::load::Load { sessions: 0, players: 0, time }).await?);
            let load = sessions::load::Load { sessions: count, players, time };
            println!("{:#?}", sessions::load::measure(load).await?);
        }
        Proof::Processes { count, kills, seed } => {
            let seed = seed.unwrap_or_else(rand::random);
            println!("{:#?}", challengectl_e2e::processes::survive(count, kills, seed).await?);
        }
        Proof::Deployments { kills: Some(kills), seed, .. } => {
            println!("{:#?}", deployments::survive(kills, seed.unwrap_or_else(rand::random))?);
        }
        Proof::Deployments { away: Some(seconds), .. } => {
            println!("{:#?}", deployments::be_away(Duration::from_secs(seconds))?);
        }
        Proof::Deployments { teams, failing, .. } => {
            println!("{:#?}", deployments::measure(deployments::Load { teams, failing })?);
        }
        Proof::Listen { event, base, recordings, baud, mark, space } => {
            let teletype = Teletype { baud, mark, space };
            challengectl_e2e::listen::listen(&event, base.as_deref(), &recordings, teletype)?;
        }
    }
    Ok(())
}
