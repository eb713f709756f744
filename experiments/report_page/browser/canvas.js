// What charts draw on a canvas, in colours as CSS has them.

function disc(context, [x, y], radius, colour) {
  if (!Number.isFinite(x + y)) return;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

function line(context, points, colour, width) {
  context.beginPath();
  points.forEach(([x, y]) => context.lineTo(x, y));
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}
