# Stands in for 3D Slicer's SlicerExtensionCPack.cmake: the extension's description goes into the package, where the
# Extensions Manager reads it when the extension is installed from a file.
function(_spaced variable)
  string(REPLACE ";" " " _text "${EXTENSION_${variable}}")
  set(${variable} "${_text}" PARENT_SCOPE)
endfunction()
_spaced(DEPENDS)
_spaced(KEYWORDS)

set(_description "${CMAKE_CURRENT_BINARY_DIR}/${PROJECT_NAME}.s4ext")
file(WRITE "${_description}" "scm git
scmurl ${EXTENSION_HOMEPAGE}
scmrevision main
depends ${DEPENDS}
build_subdirectory .
homepage ${EXTENSION_HOMEPAGE}
contributors ${EXTENSION_CONTRIBUTORS}
category ${EXTENSION_CATEGORY}
iconurl ${EXTENSION_ICONURL}
status ${EXTENSION_STATUS}
tier ${EXTENSION_TIER}
description ${EXTENSION_DESCRIPTION}
screenshoturls ${EXTENSION_SCREENSHOTURLS}
enabled 1
keywords ${KEYWORDS}
")
install(FILES "${_description}" DESTINATION "${Slicer_SHARE_DIR}")
