//! The full-screen front end: `update(model, message) -> effects` and `view(&model, frame)`.
