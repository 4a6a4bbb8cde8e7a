//! What an instance may use, and what is kept free for it.

use crate::http::Problem;
use crate::http::fronts::pacstar::envelope::unprocessable;
use crate::http::fronts::pacstar::quantity::{cpu_millis, memory_bytes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a container may use unless the challenge says so: thousandths of a core, and bytes.
const LIMITS: (u32, u64) = (500, 512 << 20);
/// What is kept free for it.
const REQUESTS: (u32, u64) = (100, 128 << 20);
/// An amount of processor and memory, as Kubernetes writes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Amounts {
    /// Such as `100m` or `0.5`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]+(\\.[0-9]+)?m?$", examples("500m"))]
    cpu: Option<String>,
    /// Such as `128Mi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]+(\\.[0-9]+)?([KMGT]i|[kKMGT])?$", examples("512Mi"))]
    memory: Option<String>,
}

/// What an instance may use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// What the cluster keeps free; 100m and 128Mi unless it is given, and never above the limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<Amounts>,
    /// What it may use at most; 500m and 512Mi unless it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Amounts>,
}

/// What an instance may ask for at most, by the server's settings.
#[derive(Debug, Clone, Copy)]
pub struct Ceiling {
    /// Processor cores.
    pub cpus: f64,
    /// Memory.
    pub memory_mib: u32,
}

/// An amount of both resources.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    pub cpu_millis: u32,
    pub memory_bytes: u64,
}

impl Resources {
    /// Returns limits and requests. What is absent is as usual, and fits the other side.
    pub fn shares(&self, ceiling: Ceiling) -> Result<(Share, Share), Problem> {
        let place = |side: &str| format!("config.resources.{side}");
        let (limits, requests) =
            (read(self.limits.as_ref(), &place("limits"))?, read(self.requests.as_ref(), &place("requests"))?);
        let cpu = fit(limits.0, requests.0, LIMITS.0, REQUESTS.0);
        let memory = fit(limits.1, requests.1, LIMITS.1, REQUESTS.1);
        if cpu.1 > cpu.0 || memory.1 > memory.0 {
            return Err(unprocessable("config.resources.requests: above the limits"));
        }
        if f64::from(cpu.0) > ceiling.cpus * 1000.0 {
            return Err(unprocessable(format!("config.resources.limits.cpu: more than {} cores", ceiling.cpus)));
        }
        if memory.0 > u64::from(ceiling.memory_mib) << 20 {
            return Err(unprocessable(format!("config.resources.limits.memory: more than {}Mi", ceiling.memory_mib)));
        }
        let share = |cpu_millis, memory_bytes| Share { cpu_millis, memory_bytes };
        Ok((share(cpu.0, memory.0), share(cpu.1, memory.1)))
    }
}

fn fit<T: Ord + Copy>(limit: Option<T>, request: Option<T>, usual_limit: T, usual_request: T) -> (T, T) {
    let limit = limit.unwrap_or_else(|| request.map_or(usual_limit, |request| request.max(usual_limit)));
    (limit, request.unwrap_or_else(|| usual_request.min(limit)))
}

fn read(amounts: Option<&Amounts>, place: &str) -> Result<(Option<u32>, Option<u64>), Problem> {
    let Some(amounts) = amounts else { return Ok((None, None)) };
    let cpu = amounts.cpu.as_ref().map(|text| {
        cpu_millis(text).ok_or_else(|| unprocessable(format!("{place}.cpu: {text:?} is no quantity such as 100m")))
    });
    let memory = amounts.memory.as_ref().map(|text| {
        memory_bytes(text)
            .ok_or_else(|| unprocessable(format!("{place}.memory: {text:?} is no quantity such as 128Mi")))
    });
    Ok((cpu.transpose()?, memory.transpose()?))
}
