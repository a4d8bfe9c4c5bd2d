"""Pictograms of people and animals: pedestrian, children, worker, deer.

Coordinates are shares of the triangle's box.
"""

from edge.sample_drive.drawings_canvas import BLACK, Canvas, points, smooth


def draw_pedestrian(canvas: Canvas) -> None:
    """Draw sign 133's walking man, facing left."""
    canvas.disc((0.462, 0.335), 0.036, BLACK)
    torso = points((0.445, 0.385), (0.505, 0.385), (0.545, 0.47), (0.52, 0.60), (0.43, 0.60), (0.435, 0.48))
    canvas.polygon(smooth(torso, closed=True), BLACK)
    canvas.stroke(points((0.45, 0.41), (0.405, 0.48), (0.395, 0.565)), 0.034, BLACK, True)
    canvas.stroke(points((0.515, 0.41), (0.57, 0.48), (0.578, 0.56)), 0.034, BLACK, True)
    canvas.stroke(points((0.453, 0.58), (0.43, 0.69), (0.375, 0.80)), 0.050, BLACK)
    canvas.stroke(points((0.50, 0.58), (0.545, 0.67), (0.60, 0.80)), 0.050, BLACK)


def draw_children(canvas: Canvas) -> None:
    """Draw sign 136's two running children, the smaller one to the left."""
    canvas.disc((0.515, 0.415), 0.040, BLACK)
    torso = points((0.475, 0.47), (0.54, 0.465), (0.56, 0.53), (0.545, 0.62), (0.485, 0.62), (0.49, 0.54))
    canvas.polygon(smooth(torso, closed=True), BLACK)
    canvas.stroke(points((0.50, 0.485), (0.43, 0.545), (0.385, 0.60)), 0.030, BLACK, True)
    canvas.stroke(points((0.54, 0.49), (0.60, 0.55), (0.645, 0.535)), 0.030, BLACK, True)
    canvas.stroke(points((0.505, 0.60), (0.495, 0.70), (0.455, 0.79)), 0.040, BLACK)
    canvas.stroke(points((0.53, 0.60), (0.595, 0.67), (0.625, 0.755)), 0.040, BLACK)
    canvas.disc((0.345, 0.575), 0.033, BLACK)
    small = points((0.325, 0.62), (0.365, 0.62), (0.38, 0.67), (0.37, 0.725), (0.325, 0.725), (0.325, 0.67))
    canvas.polygon(smooth(small, closed=True), BLACK)
    canvas.stroke(points((0.33, 0.635), (0.285, 0.67), (0.255, 0.655)), 0.022, BLACK, True)
    canvas.stroke(points((0.365, 0.635), (0.40, 0.61)), 0.024, BLACK, True)
    canvas.stroke(points((0.338, 0.715), (0.325, 0.77), (0.275, 0.80)), 0.030, BLACK)
    canvas.stroke(points((0.358, 0.715), (0.39, 0.765), (0.395, 0.815)), 0.030, BLACK)


def draw_worker(canvas: Canvas) -> None:
    """Draw sign 123's man with a shovel at his heap."""
    canvas.disc((0.505, 0.435), 0.041, BLACK)
    back = points(
        (0.47, 0.47),
        (0.41, 0.455),
        (0.37, 0.52),
        (0.36, 0.61),
        (0.43, 0.62),
        (0.455, 0.56),
        (0.49, 0.52),
    )
    canvas.polygon(smooth(back, closed=True), BLACK)
    canvas.stroke(points((0.465, 0.50), (0.50, 0.59), (0.535, 0.635)), 0.036, BLACK, True)
    canvas.stroke(points((0.40, 0.50), (0.405, 0.60), (0.455, 0.645)), 0.032, BLACK, True)
    canvas.stroke(points((0.375, 0.60), (0.345, 0.70), (0.325, 0.81)), 0.046, BLACK)
    canvas.stroke(points((0.41, 0.60), (0.44, 0.69), (0.445, 0.81)), 0.046, BLACK)
    canvas.stroke(points((0.385, 0.575), (0.645, 0.765)), 0.016, BLACK)
    heap = points((0.53, 0.825), (0.60, 0.745), (0.655, 0.70), (0.70, 0.695), (0.74, 0.745), (0.785, 0.825))
    canvas.polygon(heap, BLACK)


def draw_deer(canvas: Canvas) -> None:
    """Draw sign 142's leaping deer, facing left."""
    body = points(
        (0.405, 0.475), (0.445, 0.445), (0.475, 0.445), (0.49, 0.475), (0.485, 0.52),
        (0.505, 0.565), (0.58, 0.595), (0.645, 0.635), (0.675, 0.68), (0.685, 0.725),
        (0.655, 0.735), (0.62, 0.705), (0.55, 0.675), (0.48, 0.66), (0.43, 0.625),
        (0.425, 0.56), (0.435, 0.505), (0.41, 0.495),
    )  # fmt: skip
    canvas.polygon(smooth(body, closed=True), BLACK)
    canvas.polygon(points((0.455, 0.46), (0.445, 0.375), (0.462, 0.40), (0.478, 0.455)), BLACK)
    canvas.polygon(points((0.47, 0.46), (0.505, 0.39), (0.50, 0.43), (0.488, 0.47)), BLACK)
    canvas.stroke(points((0.45, 0.62), (0.385, 0.595), (0.41, 0.66)), 0.024, BLACK, True)
    canvas.stroke(points((0.475, 0.645), (0.415, 0.655), (0.435, 0.705)), 0.024, BLACK, True)
    canvas.stroke(points((0.645, 0.70), (0.70, 0.765), (0.72, 0.835)), 0.028, BLACK)
    canvas.stroke(points((0.625, 0.70), (0.665, 0.765), (0.67, 0.83)), 0.024, BLACK)
    canvas.polygon(points((0.665, 0.655), (0.705, 0.665), (0.68, 0.695)), BLACK)
