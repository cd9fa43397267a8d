//! Wrong requests are refused as the vendor refuses them, and right ones answered.
