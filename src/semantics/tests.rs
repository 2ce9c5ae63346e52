//! Small networks built by hand, and what Azure does with them.

mod admin;
mod anomalies;
mod compare;
mod exact;
mod firewall_oracle;
mod firewall_passes;
mod firewall_snat;
mod firewall_tiers;
mod firewalls;
mod fixture;
mod groups;
mod hidden;
mod loops;
mod paths;
mod platform;
mod reach;
mod route_choice;
mod routes;
mod tags;
mod ways_out;
