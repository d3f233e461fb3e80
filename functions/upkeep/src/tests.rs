//! What a run does, over the fakes, in virtual time: the clock moves when a test moves it.

mod brake;
mod canary;
mod deaths;
mod disable;
mod index_walk;
mod metrics;
mod next_look;
mod paced;
mod recover;
mod registry;
mod release;
mod report;
mod spans;
mod sweep;
mod unreadable;
mod usage;
mod walk;
mod world;
