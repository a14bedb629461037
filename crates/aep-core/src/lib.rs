//! The road to an Adobe Experience Platform access token: profile, cache, lock
