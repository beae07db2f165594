//! A series as an index: the mean of its base year is 100. In Rust, without crates.
#![allow(dead_code, clippy::not_unsafe_ptr_arg_deref)]
include!(concat!(env!("POLICYTRACK_SDK"), "/policytrack_plugin.rs"));

/// Periods of a year and the base year fit into the handle: nothing is allocated.
fn pack(per_year: i64, base_year: i64) -> *mut c_void {
    (base_year << 8 | per_year) as *mut c_void
}
fn unpack(instance: *mut c_void) -> (i64, i64) {
    (instance as i64 & 0xff, instance as i64 >> 8)
}

extern "C" fn create(setup: *const Setup, instance: *mut *mut c_void, message: *mut Message) -> i32 {
    let (setup, message) = unsafe { (&*setup, &mut *message) };
    let input = setup.input(0);
    if input.frequency <= PT_FREQUENCY_WEEK {
        return message.say(PT_REFUSED, "a base year needs months or longer periods");
    }
    let base_year = setup.parameter("base_year").map_or(0, |p| p.number as i64);
    unsafe { *instance = pack(input.periods_per_year as i64, base_year) };
    PT_OK
}

extern "C" fn destroy(_: *mut c_void) {}

/// The mean of the base year with its quality, or why there is none.
fn base(column: &Column, per_year: i64, year: i64) -> Result<(f64, u16), u16> {
    let (mut sum, mut count, mut worst) = (0.0, 0, 0);
    for (i, period) in column.periods().iter().enumerate() {
        let flags = column.flags()[i];
        if period.div_euclid(per_year) != year || is_missing(flags) {
            continue;
        }
        sum += column.values()[i] / per_year as f64;
        count += 1;
        worst = worst.max(quality(flags));
    }
    match sum {
        _ if count < per_year => Err(missing(PT_REASON_PART_MISSING)),
        mean if mean == 0.0 => Err(missing(PT_REASON_ZERO_BASE)),
        mean if mean < 0.0 || !mean.is_finite() => Err(missing(PT_REASON_UNDEFINED)),
        mean => Ok((mean, worst)),
    }
}

extern "C" fn compute(instance: *mut c_void, call: *const Call, message: *mut Message) -> i32 {
    let (call, message) = unsafe { (&*call, &mut *message) };
    guard(message, || {
        let (per_year, year) = unpack(instance);
        let (column, out) = (call.input(0), call.output(0));
        let base = base(column, per_year, year);
        for (i, &period) in column.periods().iter().enumerate() {
            if call.is_cancelled() {
                return PT_CANCELLED;
            }
            let flags = column.flags()[i];
            match base {
                _ if !call.wants(period) => {}
                _ if is_missing(flags) => out.put(period, 0.0, missing(PT_REASON_INPUT_MISSING)),
                Err(why) => out.put(period, 0.0, why),
                Ok((mean, worst)) => {
                    let flags = worst.max(quality(flags)) | flags & PT_FLAG_BREAK;
                    out.put(period, column.values()[i] / mean * 100.0, flags)
                }
            }
        }
        PT_OK
    })
}

extern "C" fn window(_: *mut c_void, window: *mut Window) -> i32 {
    unsafe { (*window).look_back = PT_UNBOUNDED };
    unsafe { (*window).look_ahead = PT_UNBOUNDED };
    PT_OK
}

policytrack_plugin!("base-index", "1.0.0", create, destroy, compute, window);
