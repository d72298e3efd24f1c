/// How many steps, rows or items to ask for at once: to begin with, and within which bounds.
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
    /// Begins at `initial` and grows up to `largest` while the server is quick.
    pub const fn adaptive(initial: u64, largest: u64) -> Self {
        let initial = if initial == 0 { 1 } else { initial };
        Self { initial, largest: if largest < initial { initial } else { largest } }
    }

    /// Never more than `size`; less where the server refuses that much.
    pub const fn fixed(size: u64) -> Self {
        Self::adaptive(size, size)
    }

    /// Half of it, if that is anything.
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

    /// As much of it as takes no more than `most` bytes if every item takes as many as each of `items` items in `bytes`, and
    /// at least one item.
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

    /// The size to begin with.
    pub const fn initial(self) -> u64 {
        self.initial
    }

    /// The largest size.
    pub const fn largest(self) -> u64 {
        self.largest
    }
}
