//! Migrations, on a database that an older program wrote.
