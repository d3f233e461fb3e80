//! The API over fakes, as clients see it.

mod changing;
mod edge;
mod errors;
mod event_types;
mod figures;
mod fuzz;
mod isolation;
mod listing;
mod lists;
mod once;
mod openapi;
mod pausing;
mod platform_guides;
mod publishing;
mod quotas;
mod reading;
mod recovering;
mod registering;
mod removed;
mod secrets;
mod security;
mod service;
mod shapes;
mod spans;
mod tenants;
mod trying;
