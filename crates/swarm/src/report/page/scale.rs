//! Time across a page of lanes: in order, not to scale. Every moment gets its place, and a long quiet time little more
//! than a short one; otherwise a send and its acknowledgement would be one dot beside minutes of nothing.

use std::collections::BTreeMap;

/// Between two moments at least, in pixels.
const STEP_PX_MIN: f64 = 22.0;
/// Between two moments at most, in pixels.
const STEP_PX_MAX: f64 = 84.0;
/// Between marks of one moment in one lane, in pixels.
pub(super) const BESIDE_PX: f64 = 16.0;
/// Before the first moment and after the last, in pixels.
const EDGE_PX: f64 = 34.0;
/// A quiet time is marked as such from here on, in microseconds.
const QUIET_US: u64 = 500_000;

/// From times to places.
pub(super) struct Scale {
    points: Vec<(u64, f64)>,
    width_px: f64,
}

impl Scale {
    /// For these moments, each with the most marks that stand in one lane at it.
    pub(super) fn new(moments: &BTreeMap<u64, usize>) -> Self {
        let mut points: Vec<(u64, f64)> = Vec::with_capacity(moments.len());
        let (mut x_px, mut beside_px) = (EDGE_PX, 0.0);
        for (&at_us, &marks) in moments {
            if let Some((last_us, _)) = points.last() {
                let ms = (at_us - last_us) as f64 / 1000.0;
                x_px += beside_px + (STEP_PX_MIN + 9.0 * ms.ln_1p()).min(STEP_PX_MAX);
            }
            points.push((at_us, x_px));
            beside_px = marks.saturating_sub(1) as f64 * BESIDE_PX;
        }
        let width_px = x_px + beside_px + EDGE_PX;
        Self { points, width_px }
    }

    /// All of it, in pixels.
    pub(super) fn width_px(&self) -> f64 {
        self.width_px
    }

    /// Where a time stands; before the first moment at the left end, after the last at the right.
    pub(super) fn x_px(&self, at_us: u64) -> f64 {
        let after = self.points.partition_point(|(point_us, _)| *point_us <= at_us);
        let before = after.checked_sub(1).map(|before| self.points[before]);
        match (before, self.points.get(after)) {
            (None, _) => 0.0,
            (Some((point_us, x)), _) if point_us == at_us => x,
            (Some(_), None) => self.width_px,
            (Some((from_us, from)), Some((to_us, to))) => {
                from + (to - from) * (at_us - from_us) as f64 / (to_us - from_us) as f64
            }
        }
    }

    /// Moments to write on the axis, at least so far apart, in pixels.
    pub(super) fn ticks(&self, apart_px: f64) -> Vec<(u64, f64)> {
        let mut ticks: Vec<(u64, f64)> = Vec::new();
        for &(at_us, x) in &self.points {
            if ticks.last().is_none_or(|(_, last)| x - last >= apart_px) {
                ticks.push((at_us, x));
            }
        }
        ticks
    }

    /// The middles of quiet times that are drawn shorter than they were.
    pub(super) fn quiet(&self) -> Vec<f64> {
        let pairs = self.points.windows(2);
        pairs
            .filter(|pair| pair[1].0 - pair[0].0 >= QUIET_US)
            .map(|pair| f64::midpoint(pair[0].1, pair[1].1))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_nothing_is_too_near_or_too_far() {
        let moments = [(1_000, 1), (1_001, 3), (900_000, 1), (900_000_000, 1)].into();
        let scale = Scale::new(&moments);
        let xs: Vec<f64> = moments.keys().map(|at_us| scale.x_px(*at_us)).collect();
        for pair in xs.windows(2) {
            let step = pair[1] - pair[0];
            assert!((STEP_PX_MIN..=STEP_PX_MAX + 2.0 * BESIDE_PX).contains(&step), "{xs:?}");
        }
        assert!(
            xs[2] - xs[1] >= STEP_PX_MIN + 2.0 * BESIDE_PX,
            "three marks of a moment have no room: {xs:?}"
        );
        assert!(scale.x_px(0).abs() < 0.1);
        assert!((scale.x_px(u64::MAX) - scale.width_px()).abs() < 0.1);
        let between = scale.x_px(450_000);
        assert!(xs[1] < between && between < xs[2]);
        assert_eq!(scale.quiet().len(), 2);
    }

    #[test]
    fn no_moment_is_no_trouble() {
        let scale = Scale::new(&BTreeMap::new());
        assert!(scale.x_px(5).abs() < 0.1);
        assert!(scale.ticks(1.0).is_empty());
    }
}
