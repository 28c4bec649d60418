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
            fn write(&self, out: &mut Vec<u8>) {
                $crate::avro::put_long(self.place(), out);
            }

            #[inline]
            fn lay_out(&self, out: &mut Vec<u8>) {
                self.place().lay_out(out);
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
            fn write(&self, out: &mut Vec<u8>) {
                $($crate::avro::Value::write(&self.$field, out);)*
            }

            #[inline]
            fn lay_out(&self, out: &mut Vec<u8>) {
                $($crate::avro::Value::lay_out(&self.$field, out);)*
            }
        }
    };
    (@fields $name:ty { $($field:ident : $kind:ty),* }) => {
        impl $name {
            /// The names of its fields.
            pub const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];
            /// Their types, as they are written.
            pub const KINDS: &'static [&'static str] = &[$(stringify!($kind)),*];
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
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(value) => {
                        $crate::avro::put_long($place, out);
                        $crate::avro::Value::write(value, out);
                    })+
                }
            }

            /// The place in the union, one byte, and the fields. A chain has the time between.
            #[inline]
            fn lay_out(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(value) => $crate::avro::Value::lay_out(value, out),)+
                }
            }
        }

        impl<$life> $name {
            /// Its members with their places.
            pub const MEMBERS: &'static [(&'static str, i64)] = &[$((stringify!($variant), $place)),+];
        }

        impl<$life> $crate::chain::Event for $name {
            #[inline]
            fn lay_out(&self, time_ms: i64, out: &mut Vec<u8>) {
                out.push(match self { $(Self::$variant(_) => $place),+ });
                $crate::avro::Value::lay_out(&time_ms, out);
                $crate::avro::Value::lay_out(self, out);
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
