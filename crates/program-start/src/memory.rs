//! Lack of memory: a sentence and an exit code, where the standard library would abort with the places of its own calls.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's memory; where there is none left, the program ends with this exit code, and says why unless it is zero.
#[derive(Debug)]
pub struct Memory(pub u8);

// SAFETY: each call is passed on as it came to an allocator that keeps the rules, and so is each answer.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the rules, which are the same.
        self.checked(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        self.checked(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        self.checked(unsafe { System.realloc(pointer, layout, size) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

impl Memory {
    #[inline]
    fn checked(&self, pointer: *mut u8) -> *mut u8 {
        if pointer.is_null() {
            self.end();
        }
        pointer
    }

    /// Asks for no memory.
    #[cfg(unix)]
    #[cold]
    fn end(&self) {
        const TOLD: &str = "error: there is not enough memory\n\
            hint: end other programs, or let this one have more memory (ulimit -v, the limit of the container)\n";
        if self.0 != 0 {
            // SAFETY: the pointer and the length are those of a text that lives for ever.
            unsafe { libc::write(2, TOLD.as_ptr().cast(), TOLD.len()) };
        }
        // SAFETY: it ends the process, and runs no code of ours.
        unsafe { libc::_exit(self.0.into()) }
    }

    /// The standard library says it there.
    #[cfg(not(unix))]
    fn end(&self) {}
}
