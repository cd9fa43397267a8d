//! What systemd is told, over the socket that it names: that the program serves, that it lives, and that it ends.

use rollcall::clock::Clock;
use tokio::net::UnixDatagram;

use super::{LIMIT, Serving};
use crate::stage::{Stage, Store, Vendor};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn systemd_is_told_that_the_program_serves_lives_and_ends() {
    let stage = Stage::with_clock(Vendor::ConnectWise, Store::Sqlite, Clock::real()).await;
    let path = stage.folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let path = path.display().to_string();
    let told = async || {
        let mut words = [0; 256];
        let length = tokio::time::timeout(LIMIT, socket.recv(&mut words)).await;
        let length = length.unwrap().unwrap();
        String::from_utf8(words[..length].to_vec())
            .unwrap()
            .trim()
            .to_owned()
    };
    let environment = [
        ("NOTIFY_SOCKET", path.as_str()),
        ("WATCHDOG_USEC", "400000"),
    ];
    let serving = Serving::start(&stage, &environment).await;
    assert_eq!(told().await, "READY=1");
    for _ in 0..3 {
        assert_eq!(told().await, "WATCHDOG=1");
    }
    serving.terminate();
    let mut last = told().await;
    while last == "WATCHDOG=1" {
        last = told().await;
    }
    assert_eq!(last, "STOPPING=1");
    assert_eq!(serving.ended().await.0, Some(0));
}
