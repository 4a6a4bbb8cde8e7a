//! The loopback of a new network, which is down. By netlink (rtnetlink(7)), so that no program of the host is needed.

use super::{Failure, at};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket};
use std::os::fd::AsRawFd;

/// The kernel's number of the loopback: the first of each network.
const LOOPBACK: i32 = 1;
const RTM_NEWLINK: u16 = 16;
/// `NLM_F_REQUEST | NLM_F_ACK`
const REQUEST_AND_ACKNOWLEDGE: u16 = 1 | 4;
const IFF_UP: u32 = 1;
/// Bytes of the header (netlink(7)), and of what follows it (`ifinfomsg`).
const LENGTH: u32 = 16 + 16;

/// Brings the loopback up.
pub(super) fn bring_up() -> Result<(), Failure> {
    let kind = SockType::Raw;
    let opened = socket(AddressFamily::Netlink, kind, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute);
    let socket = at("opening a netlink socket", opened)?;
    at("bringing the loopback up", send(socket.as_raw_fd(), &request(), MsgFlags::empty()))?;
    let mut answer = [0; 256];
    let length = at("bringing the loopback up", recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty()))?;
    let answer = answer.get(..length).unwrap_or_default();
    let code = answer.get(16..20).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    match code {
        Some(0) => Ok(()),
        Some(code) => at("bringing the loopback up", Err(nix::errno::Errno::from_raw(-code))),
        None => at("bringing the loopback up", Err("the kernel gives no answer")),
    }
}

fn request() -> Vec<u8> {
    let mut message = Vec::with_capacity(LENGTH as usize);
    message.extend(LENGTH.to_ne_bytes());
    message.extend(RTM_NEWLINK.to_ne_bytes());
    message.extend(REQUEST_AND_ACKNOWLEDGE.to_ne_bytes());
    // Number and sender, which the kernel knows.
    message.extend([0; 8]);
    // Family, padding and type.
    message.extend([0; 4]);
    message.extend(LOOPBACK.to_ne_bytes());
    message.extend(IFF_UP.to_ne_bytes());
    // Which of the flags are meant.
    message.extend(IFF_UP.to_ne_bytes());
    message
}
