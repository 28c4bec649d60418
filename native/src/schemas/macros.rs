//! How a message is declared: once, and reading, writing and laying out follow from its fields.

/// Declare an Avro enum by its symbols, in the schema's order.
macro_rules! places {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $symbol:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* #[doc = concat!("`", $symbol, "`")] $variant),+ }

        impl $name {
            /// All members by their places.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The symbols by their places.
            pub const SYMBOLS: &'static [&'static str] = &[$($symbol),+];

            /// The member at a place; a negative one counts from the end, as fastavro has it.
            #[inline]
            #[must_use]
            pub fn at(place: i64) -> Option<Self> {
                Self::ALL.get($crate::schemas::place(place, Self::ALL.len())?).copied()
            }

            /// Its place in the schema's list.
            #[inline]
            #[must_use]
            pub fn place(self) -> i64 {
                self as i64
            }

            /// Its symbol.
            #[must_use]
            pub fn symbol(self) -> &'static str {
                Self::SYMBOLS[self as usize]
            }
        }

        impl $crate::avro::Value<'_> for $name {
            #[inline]
            fn read(input: &mut $crate::avro::Reader<'_>) -> $crate::avro::Result<Self> {
                Self::at(input.long()?).ok_or($crate::avro::Broken(concat!("no such ", stringify!($name))))
            }

            #[inline]
            fn room(&self) -> usize {
                $crate::avro::LONG_ROOM
            }

            #[inline]
            fn put(&self, slot: &mut $crate::avro::Slot<'_>) {
                // The places of an enum are few: a varint of one byte.
                slot.plain([(*self as u8) << 1]);
            }

            #[inline]
            fn lay(&self, slot: &mut $crate::avro::Slot<'_>) {
                self.place().lay(slot);
            }
        }
    };
}

/// Declare an Avro record by its fields, in the schema's order.
macro_rules! record {
    (@value $life:lifetime $name:ty { $($field:ident : $kind:ty),* }) => {
        impl<$life> $crate::avro::Value<$life> for $name {
            #[inline]
            fn read(input: &mut $crate::avro::Reader<$life>) -> $crate::avro::Result<Self> {
                Ok(Self { $($field: <$kind as $crate::avro::Value<$life>>::read(input)?),* })
            }

            #[inline]
            fn room(&self) -> usize {
                0 $(+ $crate::avro::Value::room(&self.$field))*
            }

            #[inline]
            fn put(&self, slot: &mut $crate::avro::Slot<'_>) {
                $($crate::avro::Value::put(&self.$field, slot);)*
            }

            #[inline]
            fn lay(&self, slot: &mut $crate::avro::Slot<'_>) {
                $($crate::avro::Value::lay(&self.$field, slot);)*
            }
        }
    };
    (@fields $name:ty { $first:ident : $first_kind:ty $(, $field:ident : $kind:ty)* }) => {
        impl $name {
            /// The names of its fields.
            pub const FIELDS: &'static [&'static str] = &[
                stringify!($first) $(, stringify!($field))*
            ];
            /// Their types, as they are written.
            pub const KINDS: &'static [&'static str] = &[
                stringify!($first_kind) $(, stringify!($kind))*
            ];

            /// Write all fields but the first where there is room.
            #[inline]
            pub fn put_rest(&self, slot: &mut $crate::avro::Slot<'_>) {
                $($crate::avro::Value::put(&self.$field, slot);)*
            }
        }
    };
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        pub struct $name { $($(#[$fdoc])* pub $field: $kind),* }
        record!(@value 'a $name { $($field: $kind),* });
        record!(@fields $name { $($field: $kind),* });
    };
    ($(#[$doc:meta])* $name:ident <'a> { $($(#[$fdoc:meta])* $field:ident : $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        pub struct $name<'a> { $($(#[$fdoc])* pub $field: $kind),* }
        record!(@value 'a $name<'a> { $($field: $kind),* });
        record!(@fields $name<'_> { $($field: $kind),* });
    };
}

/// Declare an Avro union of records by its members, in the schema's order.
macro_rules! union {
    (@value $life:lifetime $name:ty { $($variant:ident : $place:literal),+ }) => {
        impl<$life> $crate::avro::Value<$life> for $name {
            #[inline]
            fn read(input: &mut $crate::avro::Reader<$life>) -> $crate::avro::Result<Self> {
                const COUNT: usize = [$($place),+].len();
                let place = input.long()?;
                match $crate::schemas::place(place, COUNT) {
                    $(Some($place) => Ok(Self::$variant($crate::avro::Value::read(input)?)),)+
                    _ => Err($crate::avro::Broken("no such member of a union")),
                }
            }

            #[inline]
            fn room(&self) -> usize {
                1 + match self { $(Self::$variant(value) => $crate::avro::Value::room(value),)+ }
            }

            #[inline]
            fn put(&self, slot: &mut $crate::avro::Slot<'_>) {
                match self {
                    $(Self::$variant(value) => {
                        slot.plain([$place << 1]);
                        $crate::avro::Value::put(value, slot);
                    })+
                }
            }

            /// The fields. A chain has the place and the time before them.
            #[inline]
            fn lay(&self, slot: &mut $crate::avro::Slot<'_>) {
                match self {
                    $(Self::$variant(value) => $crate::avro::Value::lay(value, slot),)+
                }
            }
        }

        impl<$life> $name {
            /// Its members with their places.
            pub const MEMBERS: &'static [(&'static str, i64)] = &[$((stringify!($variant), $place)),+];
        }

        impl<$life> $crate::chain::Event for $name {
            #[inline]
            fn lay_out(&self, time_ms: i64, out: &mut $crate::avro::Buffer) {
                match self {
                    $(Self::$variant(value) => {
                        let room = 9 + $crate::avro::Value::room(value);
                        out.append(room, |slot| {
                            slot.plain([$place]);
                            slot.plain(time_ms.to_le_bytes());
                            $crate::avro::Value::lay(value, slot);
                        });
                    })+
                }
            }

            #[inline]
            fn write_to(&self, out: &mut $crate::avro::Buffer) -> usize {
                match self {
                    $(Self::$variant(value) => {
                        out.append(1 + $crate::avro::Value::room(value), |slot| {
                            slot.plain([$place << 1]);
                            $crate::avro::Value::put(value, slot);
                        })
                    })+
                }
            }
        }
    };
    ($(#[$doc:meta])* $name:ident { $($variant:ident ($kind:ty) : $place:literal),+ $(,)? }) => {
        $(#[$doc])*
        pub enum $name { $(#[doc = stringify!($variant)] $variant($kind)),+ }
        union!(@value 'a $name { $($variant: $place),+ });
    };
    ($(#[$doc:meta])* $name:ident <'a> { $($variant:ident ($kind:ty) : $place:literal),+ $(,)? }) => {
        $(#[$doc])*
        pub enum $name<'a> { $(#[doc = stringify!($variant)] $variant($kind)),+ }
        union!(@value 'a $name<'a> { $($variant: $place),+ });
    };
}
