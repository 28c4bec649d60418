//! A core and its twin, which was made from the other's snapshots: what both make of a record.

use partita_native::core::record::Record;
use partita_native::core::{Core, Machines, Outputs};
use partita_native::outbox::Outgoing;
use partita_native::schemas::enums::InstrumentStatus;
use partita_native::schemas::instrument::Instrument;

/// How many shards there are.
pub const SHARDS: i64 = 2;
/// When everything begins.
pub const NOW_MS: i64 = 1_700_000_000_000;

/// A core with some partitions.
pub struct Twins<M> {
    make: fn() -> Core<M>,
    partitions: i64,
    one: Core<M>,
    other: Option<Core<M>>,
    /// The next offset of each partition.
    offsets: Vec<i64>,
    /// Whether all that was given was such as a machine or a client says: then nothing parks.
    pub is_valid: bool,
}

impl<M: Machines> Twins<M> {
    /// Make one with empty partitions from 0.
    pub fn new(make: fn() -> Core<M>, partitions: i64) -> Self {
        let mut one = make();
        for partition in 0..partitions {
            one.open(partition, &[]).expect("there is nothing to read");
        }
        Self {
            make,
            partitions,
            one,
            other: None,
            offsets: vec![0; usize::try_from(partitions).expect("a few")],
            is_valid: true,
        }
    }

    /// Give both a record that is as it should be; return what follows.
    pub fn apply(&mut self, partition: i64, time_ms: i64, value: &[u8]) -> Vec<Outgoing> {
        let outputs = self.given(partition, time_ms, value);
        if self.is_valid {
            assert!(outputs.parked.is_empty(), "parked: {:?}", outputs.parked);
            self.one.check();
        }
        outputs.records
    }

    /// Give both any bytes; return what follows.
    pub fn disturb(&mut self, partition: i64, time_ms: i64, value: &[u8]) -> Vec<Outgoing> {
        let before = self.one.counters(partition);
        let outputs = self.given(partition, time_ms, value);
        let now = self.one.counters(partition);
        let (dead, taken) = (
            now.dead_letters - before.dead_letters,
            now.groups_taken - before.groups_taken,
        );
        assert!(dead == 0 || taken == 0, "what is a dead letter is not read");
        // What was dropped, for whatever reason, has changed nothing.
        let dropped = now.duplicates_dropped + now.gaps_waited + now.lines_refused
            - before.duplicates_dropped
            - before.gaps_waited
            - before.lines_refused;
        self.is_valid &= outputs.parked.is_empty() && taken == 0 && (dead > 0 || dropped > 0);
        outputs.records
    }

    fn given(&mut self, partition: i64, time_ms: i64, value: &[u8]) -> Outputs {
        let next = &mut self.offsets[usize::try_from(partition).expect("a few")];
        let record = Record {
            partition,
            offset: *next,
            time_ms,
            value,
        };
        *next += 1;
        let outputs = self.one.apply([record]);
        if let Some(other) = &mut self.other {
            let same = other.apply([record]);
            assert_eq!(
                outputs.records, same.records,
                "a restored core goes on alike"
            );
            assert_eq!(outputs.alarms, same.alarms, "a restored core goes on alike");
            assert_eq!(outputs.parked, same.parked, "a restored core goes on alike");
        }
        outputs
    }

    /// Make the twin anew, from snapshots.
    pub fn restore(&mut self) {
        if !self.is_valid {
            return;
        }
        let mut other = (self.make)();
        for partition in 0..self.partitions {
            let offset = self.offsets[usize::try_from(partition).expect("a few")];
            let machines = self.one.machines(partition);
            let names: Vec<String> = machines.marks().into_iter().map(|mark| mark.name).collect();
            let snapshots: Vec<Vec<u8>> = names
                .iter()
                .map(|name| machines.snapshot(name).expect("a machine"))
                .collect();
            let given: Vec<_> = snapshots
                .iter()
                .map(|data| (offset, data.as_slice()))
                .collect();
            other.open(partition, &given).expect("its own snapshot");
            let twins = other.machines(partition);
            for (name, snapshot) in names.iter().zip(&snapshots) {
                assert_eq!(machines.state_hash(name), twins.state_hash(name), "{name}");
                assert_eq!(machines.edges_digest(name), twins.edges_digest(name));
                assert_eq!(Some(snapshot), twins.snapshot(name).as_ref(), "{name}");
            }
        }
        other.check();
        // What is said once for many records is said again after a start.
        self.one.latest();
        self.other = Some(other);
    }

    /// The snapshots of a partition.
    pub fn snapshots(&mut self, partition: i64) -> Vec<Vec<u8>> {
        let machines = self.one.machines(partition);
        let names: Vec<String> = machines.marks().into_iter().map(|mark| mark.name).collect();
        names
            .iter()
            .filter_map(|name| machines.snapshot(name))
            .collect()
    }
}

/// The rules of a symbol: of everyday measures, or at the bounds.
pub fn rules(instrument_id: i64) -> Instrument {
    let is_wide = instrument_id == 2;
    Instrument {
        instrument_id,
        version: 1,
        symbol: format!("C{instrument_id}-USD"),
        partition: 0,
        status: InstrumentStatus::Trading,
        base_asset_id: instrument_id,
        base_asset: format!("C{instrument_id}"),
        base_decimals: if is_wide { 0 } else { 2 },
        quote_asset_id: 3,
        quote_asset: "USD".to_owned(),
        quote_decimals: 2,
        tick: if is_wide { 1 } else { 60 },
        lot: if is_wide { 1 } else { 5 },
        notional_unit: if is_wide { 1 } else { 3 },
        min_size: if is_wide { 1 } else { 2 },
        max_size: 1 << 62,
        max_price: 1 << 62,
        maker_fee_ppm: if is_wide { 1_000_000 } else { 1_000 },
        taker_fee_ppm: if is_wide { 0 } else { 200_000 },
    }
}
