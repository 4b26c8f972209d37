//! DotMac's runbooks, run from their first step to their last by the program: on a real cluster, real PostgreSQL, Redis and
//! Prometheus, and a portal that the tests control. Only Helm and Terraform are stand-ins.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../console/hands.rs"]
mod hands;
#[path = "../lab/mod.rs"]
mod lab;

mod sheet;
mod stage;

mod accidental_deletion;
mod application_recovery;
mod backup_overdue;
mod breach_response;
mod certificate_rotation;
mod database_corruption;
mod database_failover;
mod database_recovery;
mod health_check;
mod high_error_rate;
mod incident_response;
mod infrastructure_fail_back;
mod infrastructure_loss;
mod infrastructure_recovery;
mod payments_outage;
mod performance_check;
mod pool_saturation;
mod rollback;
mod security_containment;
mod stand_ins_refuse;
mod story;
