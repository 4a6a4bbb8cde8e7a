//! Whose write transaction is next.

use challengectl_coordinator::store::{Store, commit};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

const PLAYERS: usize = 50;

/// The writers, in the order of their transactions.
#[derive(Clone, Default)]
struct Order(Arc<Mutex<Vec<&'static str>>>);

impl Order {
    async fn write_for_player(self, store: Store) {
        let transaction = store.write_for_players().await.unwrap();
        self.0.lock().push("player");
        commit(transaction).await.unwrap();
    }

    async fn write(self, store: Store) {
        let transaction = store.write().await.unwrap();
        self.0.lock().push("air");
        commit(transaction).await.unwrap();
    }
}

#[tokio::test]
async fn the_air_writes_before_players_who_have_waited_longer() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    let (order, mut all) = (Order::default(), JoinSet::new());
    let first = store.write_for_players().await.unwrap();
    for _ in 0..PLAYERS {
        all.spawn(order.clone().write_for_player(store.clone()));
    }
    // On one thread each task runs until it waits.
    tokio::task::yield_now().await;
    all.spawn(order.clone().write(store.clone()));
    tokio::task::yield_now().await;
    commit(first).await.unwrap();
    all.join_all().await;
    let order = order.0.lock();
    assert_eq!((order[0], order.len()), ("air", PLAYERS + 1));
}

#[tokio::test]
async fn the_air_reads_though_players_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    let (keep, kept) = watch::channel(());
    for _ in 0..PLAYERS {
        let (store, mut kept) = (store.clone(), kept.clone());
        tokio::spawn(async move {
            let _connection = store.read_for_players().await;
            let _ = kept.changed().await;
        });
    }
    tokio::task::yield_now().await;
    assert!(store.read_few().await.is_ok());
    drop(keep);
}
