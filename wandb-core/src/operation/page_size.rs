/// The number of steps, rows or items per request: initial and maximum.
///
/// ```
/// use wandb_core::operation::PageSize;
///
/// let chosen_by_itself = PageSize::adaptive(1_000, 10_000);
/// assert_eq!((chosen_by_itself.initial(), chosen_by_itself.largest()), (1_000, 10_000));
/// assert_eq!(PageSize::fixed(100).largest(), 100);
/// assert_eq!(PageSize::fixed(0).initial(), 1, "a page holds at least one");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    initial: u64,
    largest: u64,
}

impl PageSize {
    /// Starts at `initial` and grows up to `largest` while the server is quick.
    pub const fn adaptive(initial: u64, largest: u64) -> Self {
        let initial = if initial == 0 { 1 } else { initial };
        Self { initial, largest: if largest < initial { initial } else { largest } }
    }

    /// Never exceeds `size`; smaller if the server rejects that much.
    pub const fn fixed(size: u64) -> Self {
        Self::adaptive(size, size)
    }

    /// Returns half of the size, or `None` if it is 1.
    ///
    /// ```
    /// use wandb_core::operation::PageSize;
    ///
    /// assert_eq!(PageSize::fixed(7).halved(), Some(PageSize::fixed(3)));
    /// assert_eq!(PageSize::fixed(1).halved(), None);
    /// ```
    pub const fn halved(self) -> Option<Self> {
        if self.initial < 2 { None } else { Some(Self::adaptive(self.initial / 2, self.largest / 2)) }
    }

    /// Reduces the size so that a page takes at most `most` bytes, to no less than one item. The size of an item is
    /// estimated from `items` items in `bytes` bytes.
    ///
    /// ```
    /// use wandb_core::operation::PageSize;
    ///
    /// assert_eq!(PageSize::fixed(100).within(2_000, 100, 5_000), PageSize::fixed(40));
    /// assert_eq!(PageSize::fixed(100).within(2_000, 100, 1_000), PageSize::fixed(100));
    /// ```
    #[must_use]
    pub fn within(self, most: u64, items: u64, bytes: u64) -> Self {
        if bytes <= most || items == 0 {
            return self;
        }
        let fitting = u128::from(items) * u128::from(most) / u128::from(bytes);
        let fitting = u64::try_from(fitting).unwrap_or(u64::MAX);
        Self::adaptive(self.initial.min(fitting), self.largest.min(fitting))
    }

    /// The initial size.
    pub const fn initial(self) -> u64 {
        self.initial
    }

    /// The maximum size.
    pub const fn largest(self) -> u64 {
        self.largest
    }
}
