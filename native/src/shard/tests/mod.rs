//! A shard by itself: its main flows, its edges, and a long random one with a small book.

mod contents;
mod desk;
mod edges;
mod flows;
mod forgetting;
mod random;
