#!/bin/sh
# Take from an environment what no job runs (tests, headers, stubs), then compile what is left.
set -eu
packages=$(echo "$1"/lib/python3*/site-packages)
find "$packages" -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
find "$packages" -type f \( -name '*.pyi' -o -name '*.pxd' -o -name '*.pyx' -o -name '*.h' -o -name '*.hpp' \
  -o -name '*.a' -o -name '*.c' -o -name '*.cpp' \) -delete
# Arrow's remote procedure calls: 28 MB that only `import pyarrow.flight` would load.
rm -f "$packages"/pyarrow/*arrow*flight* "$packages"/pyarrow/_flight*
# awswrangler asks for setuptools on new Pythons, and never imports it.
rm -rf "$packages"/setuptools "$packages"/setuptools-* "$packages"/pkg_resources \
  "$packages"/_distutils_hack "$packages"/distutils-precedence.pth
# A program brings its code; a version in an image would change the image with every release.
rm -rf "$packages"/sagetabular "$packages"/sagetabular-*
# By content, since a copied file has another time stamp.
"$1/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages"
