// The border of policytrack_plugin.h in Rust, without dependencies; the rules are at
// the top of that header. A crate takes it in with
//   include!(concat!(env!("POLICYTRACK_SDK"), "/policytrack_plugin.rs"));
// A `Box` or `Vec` ends the process when memory runs out: a plugin that must survive
// that uses neither.
use std::ffi::c_void;
use std::os::raw::c_char;

pub const PT_ABI_MINOR: u32 = 2;

pub const PT_FLAG_QUALITY_MASK: u16 = 0x000f;
pub const PT_FLAG_BREAK: u16 = 0x0010;
pub const PT_FLAG_MISSING: u16 = 0x0020;
pub const PT_FLAG_JOINT: u16 = 0x0040;

pub const PT_REASON_INPUT_MISSING: u16 = 1;
pub const PT_REASON_PART_MISSING: u16 = 2;
pub const PT_REASON_ZERO_BASE: u16 = 3;
pub const PT_REASON_UNDEFINED: u16 = 4;
pub const PT_REASON_TOO_FEW_POINTS: u16 = 5;
pub const PT_REASON_SERIES_BREAK: u16 = 6;

pub const PT_FREQUENCY_DAY: u32 = 1;
pub const PT_FREQUENCY_WEEK: u32 = 2;
pub const PT_FREQUENCY_MONTH: u32 = 3;
pub const PT_FREQUENCY_QUARTER: u32 = 4;
pub const PT_FREQUENCY_HALF_YEAR: u32 = 5;
pub const PT_FREQUENCY_YEAR: u32 = 6;

pub const PT_OK: i32 = 0;
pub const PT_REFUSED: i32 = 1;
pub const PT_FAILED: i32 = 2;
pub const PT_CANCELLED: i32 = 3;
pub const PT_UNBOUNDED: i64 = -1;

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_minor: u32,
}

#[repr(C)]
pub struct Message {
    pub struct_size: u32,
    pub capacity: u32,
    pub length: u32,
    pub reserved: u32,
    pub text: *mut c_char,
}

#[repr(C)]
pub struct Parameter {
    pub struct_size: u32,
    pub type_: u32,
    pub name: *const c_char,
    pub number: f64,
    pub text: *const c_char,
}

#[repr(C)]
pub struct InputMeta {
    pub struct_size: u32,
    pub frequency: u32,
    pub accumulation: u32,
    pub reserved: u32,
    pub periods_per_year: f64,
    pub slot: *const c_char,
    pub unit: *const c_char,
    pub unit_kind: *const c_char,
    pub unit_factor: f64,
    pub year_start_month: u32,
    pub reserved_of_1_2: u32,
}

#[repr(C)]
pub struct Setup {
    pub struct_size: u32,
    pub parameter_count: u32,
    pub input_count: u32,
    pub output_count: u32,
    pub parameters: *const *const Parameter,
    pub inputs: *const *const InputMeta,
    pub outputs: *const *const c_char,
}

#[repr(C)]
pub struct Window {
    pub struct_size: u32,
    pub reserved: u32,
    pub look_back: i64,
    pub look_ahead: i64,
}

// What lies beyond struct_size is not there: parts are since 1.1, year_start_month is
// since 1.2.
#[repr(C)]
pub struct Column {
    pub struct_size: u32,
    pub reserved: u32,
    pub count: u64,
    pub periods: *const i64,
    pub values: *const f64,
    pub flags: *const u16,
    pub part_count: u64,
    pub parts: *const *const Column,
    pub part_names: *const *const c_char,
}

#[repr(C)]
pub struct Output {
    pub struct_size: u32,
    pub reserved: u32,
    pub capacity: u64,
    pub count: u64,
    pub periods: *mut i64,
    pub values: *mut f64,
    pub flags: *mut u16,
}

#[repr(C)]
pub struct Call {
    pub struct_size: u32,
    pub input_count: u32,
    pub output_count: u32,
    pub reserved: u32,
    pub axis_count: u64,
    pub axis: *const i64,
    pub inputs: *const *const Column,
    pub outputs: *const *mut Output,
    pub window_first: i64,
    pub window_last: i64,
    pub cancel: *const u32,
    pub deadline_ns: i64,
}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub id: *const c_char,
    pub version: *const c_char,
    pub create: extern "C" fn(*const Setup, *mut *mut c_void, *mut Message) -> i32,
    pub destroy: extern "C" fn(*mut c_void),
    pub compute: extern "C" fn(*mut c_void, *const Call, *mut Message) -> i32,
    pub window: extern "C" fn(*mut c_void, *mut Window) -> i32,
}

// The table and its texts are constant.
unsafe impl Sync for Plugin {}

// The layout of 1.2, as tests/plugins/abi_layout_test.cc has it for C.
const _: () = assert!(std::mem::size_of::<Host>() == 8);
const _: () = assert!(std::mem::size_of::<Message>() == 24);
const _: () = assert!(std::mem::size_of::<Parameter>() == 32);
const _: () = assert!(std::mem::size_of::<InputMeta>() == 64);
const _: () = assert!(std::mem::size_of::<Setup>() == 40);
const _: () = assert!(std::mem::size_of::<Window>() == 24);
const _: () = assert!(std::mem::size_of::<Column>() == 64);
const _: () = assert!(std::mem::size_of::<Output>() == 48);
const _: () = assert!(std::mem::size_of::<Call>() == 80);
const _: () = assert!(std::mem::size_of::<Plugin>() == 56);

pub const fn missing(reason: u16) -> u16 {
    PT_FLAG_MISSING | reason << 8
}

pub const fn is_missing(flags: u16) -> bool {
    flags & PT_FLAG_MISSING != 0
}
pub const fn quality(flags: u16) -> u16 {
    flags & PT_FLAG_QUALITY_MASK
}

impl Message {
    // Copies what there is room for, and gives the code back.
    pub fn say(&mut self, code: i32, text: &str) -> i32 {
        let length = text.len().min(self.capacity as usize);
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), self.text as *mut u8, length) };
        self.length = length as u32;
        code
    }
}

// An array of the border; null when it is empty, which a slice may not be.
unsafe fn array<'a, T>(begin: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        return &[];
    }
    std::slice::from_raw_parts(begin, count)
}

impl Setup {
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        let all = unsafe { array(self.parameters, self.parameter_count as usize) };
        all.iter()
            .map(|p| unsafe { &**p })
            .find(|p| unsafe { std::ffi::CStr::from_ptr(p.name) }.to_bytes() == name.as_bytes())
    }
    pub fn input(&self, i: usize) -> &InputMeta {
        unsafe { &**self.inputs.add(i) }
    }
}

impl Column {
    pub fn periods(&self) -> &[i64] {
        unsafe { array(self.periods, self.count as usize) }
    }
    pub fn values(&self) -> &[f64] {
        unsafe { array(self.values, self.count as usize) }
    }
    pub fn flags(&self) -> &[u16] {
        unsafe { array(self.flags, self.count as usize) }
    }
}

impl Output {
    // A value that is not finite becomes missing as undefined.
    pub fn put(&mut self, period: i64, value: f64, flags: u16) {
        assert!(self.count < self.capacity, "more points than periods of the axis");
        let i = self.count as usize;
        let whole = value.is_finite();
        unsafe {
            *self.periods.add(i) = period;
            *self.values.add(i) = if whole { value } else { 0.0 };
            *self.flags.add(i) = if whole { flags } else { missing(PT_REASON_UNDEFINED) };
        }
        self.count += 1;
    }
}

impl Call {
    pub fn input(&self, i: usize) -> &Column {
        unsafe { &**self.inputs.add(i) }
    }
    // One output at a time.
    #[allow(clippy::mut_from_ref)]
    pub fn output(&self, i: usize) -> &mut Output {
        unsafe { &mut **self.outputs.add(i) }
    }
    pub fn is_cancelled(&self) -> bool {
        unsafe { std::ptr::read_volatile(self.cancel) != 0 }
    }
    pub fn wants(&self, period: i64) -> bool {
        period >= self.window_first && period <= self.window_last
    }
}

// A panic does not cross the border.
pub fn guard(message: &mut Message, body: impl FnOnce() -> i32) -> i32 {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) {
        Ok(code) => code,
        Err(_) => message.say(PT_FAILED, "it panicked"),
    }
}

// The entry and its table. Id and version are those of the descriptor.
macro_rules! policytrack_plugin {
    ($id:expr, $version:expr, $create:ident, $destroy:ident, $compute:ident, $window:ident) => {
        #[no_mangle]
        pub extern "C" fn policytrack_plugin_v1(_: *const Host) -> *const Plugin {
            static TABLE: Plugin = Plugin {
                struct_size: std::mem::size_of::<Plugin>() as u32,
                abi_minor: PT_ABI_MINOR,
                id: concat!($id, "\0").as_ptr() as *const c_char,
                version: concat!($version, "\0").as_ptr() as *const c_char,
                create: $create,
                destroy: $destroy,
                compute: $compute,
                window: $window,
            };
            &TABLE
        }
    };
}
